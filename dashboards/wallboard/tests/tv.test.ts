import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { type Address, HOME } from "../src/address";
import { fillBox, type Grid } from "../src/layout/grid";
import { onPage, pagesOf } from "../src/layout/paging";
import { FARTHEST, shiftAt, whole } from "../src/tv/pixelShift";
import { AGAIN_AFTER, Renewal } from "../src/tv/renewal";
import { begin, pause, remaining, step, withPages } from "../src/tv/rotation";
import { Tour } from "../src/tv/tour";
import { type Screen, WakeLock } from "../src/tv/wakeLock";
import { FakeTimers } from "./fakeWorld";

describe("the rotation", () => {
  it("goes through the pages of a view, then to the next view, and round", () => {
    let now = withPages(begin(0, 0), 2);
    const seen: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      seen.push(`${now.index}.${now.page}`);
      now = step(now, 1, 2, turn);
      if (now.index === 0) now = withPages(now, 2);
    }
    expect(seen).toEqual(["0.0", "0.1", "1.0", "0.0", "0.1"]);
  });

  it("goes back, too", () => {
    const second = step(withPages(begin(1, 0), 3), 1, 3, 0);
    expect(step(second, -1, 3, 0)).toMatchObject({ index: 1, page: 0 });
    expect(step(begin(0, 0), -1, 3, 0)).toMatchObject({ index: 2, page: 0 });
  });

  it("keeps the pages of a view that is alone", () => {
    const last = step(withPages(begin(0, 0), 2), 1, 1, 0);
    expect(step(last, 1, 1, 5)).toMatchObject({ index: 0, page: 0, pages: 2, since: 5 });
    expect(step(step(last, 1, 1, 5), -1, 1, 6)).toMatchObject({ page: 1, pages: 2 });
  });

  it("stays on a page that still is there when pages go", () => {
    const third = { ...withPages(begin(0, 0), 4), page: 2 };
    expect(withPages(third, 3).page).toBe(2);
    expect(withPages(third, 2).page).toBe(1);
  });

  it("shows each page as long as is asked, and for ever what is alone or paused", () => {
    const now = begin(0, 1_000);
    expect(remaining(now, 20, 2, 1_000)).toBe(20_000);
    expect(remaining(now, 20, 2, 16_000)).toBe(5_000);
    expect(remaining(now, 20, 2, 90_000)).toBe(0);
    expect(remaining(now, 20, 1, 1_000)).toBeNull();
    expect(remaining(withPages(now, 2), 20, 1, 1_000)).toBe(20_000);
    const paused = pause(now, 2_000);
    expect(remaining(paused, 20, 2, 90_000)).toBeNull();
    expect(remaining(pause(paused, 90_000), 20, 2, 90_000)).toBe(20_000);
    expect(step(paused, 1, 2, 3_000).paused).toBe(true);
  });
});

describe("the tour", () => {
  function touring(change: Partial<Address>) {
    const clock = new FakeTimers();
    const address = signal<Address>({
      ...HOME,
      tv: true,
      views: ["overview", "agents"],
      every: 10,
      ...change,
    });
    return { clock, address, tour: new Tour(address, clock) };
  }

  it("begins with the view that the address names, and goes on by itself", () => {
    const { clock, tour } = touring({ place: { kind: "view", view: "agents" } });
    expect(tour.place).toEqual({ kind: "view", view: "agents" });
    clock.pass(9_999);
    expect(tour.view).toBe("agents");
    clock.pass(1);
    expect(tour.view).toBe("overview");
    clock.pass(10_000);
    expect(tour.view).toBe("agents");
  });

  it("turns the pages that the view tells of", () => {
    const { clock, tour } = touring({});
    tour.paging?.pages(3);
    clock.pass(10_000);
    expect([tour.view, tour.paging?.page.value]).toEqual(["overview", 1]);
    clock.pass(20_000);
    expect([tour.view, tour.paging?.page.value]).toEqual(["agents", 0]);
  });

  it("gives a whole turn after a step by hand, and stands still while it is paused", () => {
    const { clock, tour } = touring({});
    clock.pass(9_000);
    tour.step(1);
    clock.pass(9_000);
    expect(tour.view).toBe("agents");
    tour.pause();
    clock.pass(100_000);
    expect(tour.view).toBe("agents");
    tour.pause();
    clock.pass(10_000);
    expect(tour.view).toBe("overview");
    expect(clock.pending).toBe(1);
  });

  it("does nothing outside of TV mode, and stays with a page of its own", () => {
    const { clock, address, tour } = touring({ tv: false });
    expect([tour.place, tour.paging, tour.moves, clock.pending]).toEqual([HOME.place, null, false, 0]);
    address.value = { ...address.value, tv: true, place: { kind: "queue", id: "pbx1/sales" } };
    expect([tour.place, tour.moves, clock.pending]).toEqual([{ kind: "queue", id: "pbx1/sales" }, false, 0]);
    expect(tour.paging).not.toBeNull();
    address.value = { ...address.value, place: HOME.place };
    expect(clock.pending).toBe(1);
    address.value = { ...address.value, tv: false };
    expect(clock.pending).toBe(0);
  });

  it("is not begun anew by how it looks", () => {
    const { clock, address, tour } = touring({});
    clock.pass(10_000);
    address.value = { ...address.value, theme: "light" };
    expect(tour.view).toBe("agents");
  });
});

describe("pages", () => {
  const box = { width: 420, height: 300 };
  const cell = { width: 10, height: 5 };
  const cells = Array.from({ length: 50 }, (_, index) => index);
  const grid = fillBox(cells.length, box, cell, { least: 10, most: 40, gap: 10 });

  it("hold as many cells as are seen at once, each cell on one page", () => {
    expect(grid.scrolls).toBe(true);
    const pages = pagesOf(grid, cells.length);
    const all: number[] = [];
    for (let page = 0; page < pages; page += 1) {
      const [one, shown] = onPage<number>(grid, cells, page);
      expect(one.scrolls).toBe(false);
      expect(one.rows * (one.unit * cell.height + 10) - 10).toBeLessThanOrEqual(box.height);
      all.push(...shown);
    }
    expect(pages).toBeGreaterThan(1);
    expect(all).toEqual(cells);
  });

  it("end: beyond the last one is the last one", () => {
    const last = pagesOf(grid, cells.length) - 1;
    expect(onPage<number>(grid, cells, last + 3)).toEqual(onPage<number>(grid, cells, last));
  });

  it("are one where all fits", () => {
    const fits: Grid = fillBox(4, box, cell, { least: 5, most: 40, gap: 10 });
    expect(pagesOf(fits, 4)).toBe(1);
    expect(onPage(fits, [1, 2, 3, 4], 0)).toEqual([fits, [1, 2, 3, 4]]);
  });
});

describe("the pixel shift", () => {
  it("moves by a pixel at a time, stays within its room and comes everywhere", () => {
    const places = new Set<string>();
    let before = shiftAt(0);
    for (let minute = 1; minute < 1_000; minute += 1) {
      const now = shiftAt(minute);
      expect(Math.abs(now.x - before.x)).toBeLessThanOrEqual(1);
      expect(Math.abs(now.y - before.y)).toBeLessThanOrEqual(1);
      expect(Math.max(Math.abs(now.x), Math.abs(now.y))).toBeLessThanOrEqual(FARTHEST);
      places.add(`${now.x},${now.y}`);
      before = now;
    }
    expect(new Set(Array.from(places, (place) => place.split(",")[0])).size).toBe(2 * FARTHEST + 1);
    expect(places.size).toBeGreaterThan(20);
  });

  it("ends on whole pixels of the screen, and never beyond its room", () => {
    for (const ratio of [1, 1.25, 1.5, 2, 3]) {
      const px = whole(3, ratio);
      expect(px * ratio).toBe(Math.round(px * ratio));
      expect(whole(-FARTHEST, ratio)).toBeGreaterThanOrEqual(-FARTHEST);
    }
  });
});

describe("the wake lock", () => {
  function screen() {
    const listeners = new Set<() => void>();
    const locks: { released: boolean; release(): Promise<void> }[] = [];
    const page = {
      hidden: false,
      addEventListener: (_: string, listener: () => void) => listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
    };
    const state = { refuses: false };
    const request = () => {
      if (state.refuses) return Promise.reject(new Error("low battery"));
      const lock = {
        released: false,
        release() {
          lock.released = true;
          return Promise.resolve();
        },
      };
      locks.push(lock);
      return Promise.resolve(lock);
    };
    const see = (hidden: boolean) => {
      page.hidden = hidden;
      for (const listener of Array.from(listeners)) listener();
    };
    const world = { navigator: { wakeLock: { request } }, document: page } as unknown as Screen;
    return { world, locks, state, see, listeners };
  }
  const settled = () => new Promise((done) => setTimeout(done, 0));

  it("is asked for once, and again when the page is seen again", async () => {
    const { world, locks, see } = screen();
    const lock = new WakeLock(world);
    lock.start();
    lock.renew();
    await settled();
    lock.renew();
    expect(locks).toHaveLength(1);
    (locks[0] as { released: boolean }).released = true; // as browsers do when a page is hidden
    see(true);
    expect(locks).toHaveLength(1);
    see(false);
    await settled();
    expect(locks).toHaveLength(2);
  });

  it("is let go of at the end, also if it comes late", async () => {
    const { world, locks, listeners } = screen();
    const lock = new WakeLock(world);
    lock.start();
    lock.stop();
    await settled();
    expect(locks.map((one) => one.released)).toEqual([true]);
    expect(listeners.size).toBe(0);
    lock.renew();
    expect(locks).toHaveLength(1);
  });

  it("is tried again after a refusal, and done without where there is none", async () => {
    const { world, locks, state } = screen();
    const lock = new WakeLock(world);
    state.refuses = true;
    lock.start();
    await settled();
    state.refuses = false;
    lock.renew();
    await settled();
    expect(locks).toHaveLength(1);
    new WakeLock({ ...world, navigator: {} }).start();
  });
});

describe("renewal", () => {
  function page() {
    const timers = new FakeTimers();
    const state = { ready: true, reloads: 0 };
    const renewal = new Renewal({
      after: timers.after,
      ready: () => Promise.resolve(state.ready),
      reload: () => {
        state.reloads += 1;
      },
    });
    return { timers, state, renewal };
  }
  const settled = () => new Promise((done) => setTimeout(done, 0));

  it("reloads once when the service has another version than the page began with", async () => {
    const { state, renewal } = page();
    for (const version of [null, "1", "1", null]) renewal.told(version, true);
    await settled();
    expect(state.reloads).toBe(0);
    renewal.told("2", true);
    renewal.told("3", true);
    await settled();
    expect(state.reloads).toBe(1);
  });

  it("leaves a page alone that somebody uses", async () => {
    const { state, renewal } = page();
    renewal.told("1", false);
    renewal.told("2", false);
    await settled();
    expect(state.reloads).toBe(0);
    renewal.told("2", true);
    await settled();
    expect(state.reloads).toBe(1);
  });

  it("waits until the service gives its page", async () => {
    const { timers, state, renewal } = page();
    state.ready = false;
    renewal.told("1", true);
    renewal.told("2", true);
    await settled();
    expect(state.reloads).toBe(0);
    state.ready = true;
    timers.pass(AGAIN_AFTER);
    await settled();
    expect(state.reloads).toBe(1);
  });
});
