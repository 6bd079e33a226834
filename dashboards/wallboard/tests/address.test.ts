import { describe, expect, it } from "vitest";
import { type Address, format, HOME, parse } from "../src/address";

describe("the address", () => {
  it("says nothing for what is usual", () => {
    expect(parse("").address).toEqual(HOME);
    expect(parse("").wrong).toEqual([]);
    expect(format(HOME)).toBe("");
  });

  it("chooses everything that there is to choose", () => {
    const { address, wrong } = parse(
      "?view=agents&queues=sales,support&team=North&state=paused,available&sort=name&lang=ru&theme=light&sound=on&tv&views=agents&every=30",
    );
    expect(wrong).toEqual([]);
    expect(address).toEqual<Address>({
      place: { kind: "view", view: "agents" },
      queues: ["sales", "support"],
      teams: ["North"],
      states: ["paused", "available"],
      sort: "name",
      language: "ru",
      theme: "light",
      sound: true,
      tv: true,
      views: ["agents"],
      every: 30,
    });
  });

  it("opens the page of an agent or a queue, where there are such pages", () => {
    const { place } = parse("?agent=pbx1/anna&view=agents", ["agent", "queue"]).address;
    expect(place).toEqual({ kind: "agent", id: "pbx1/anna" });
    expect(parse("?queue=pbx1%2Fsales", ["agent", "queue"]).address.place).toEqual({
      kind: "queue",
      id: "pbx1/sales",
    });
    expect(parse("?agent=", ["agent"]).address.place).toEqual(HOME.place);
  });

  it.each([
    ["view=none", "view", "none"],
    ["sort=size", "sort", "size"],
    ["lang=xx", "lang", "xx"],
    ["theme=blue", "theme", "blue"],
    ["sound=loud", "sound", "loud"],
    ["state=asleep", "state", "asleep"],
    ["views=none", "views", "none"],
    ["every=4", "every", "4"],
    ["every=3601", "every", "3601"],
    ["every=1e2", "every", "1e2"],
    ["every=", "every", ""],
    ["tv=maybe", "tv", "maybe"],
  ])("takes the usual for %s, and says so", (search, key, value) => {
    const { address, wrong } = parse(`?${search}`);
    expect(address).toEqual(HOME);
    expect(wrong).toEqual([{ key, value }]);
  });

  it("keeps the right ones among wrong values", () => {
    const { address, wrong } = parse("?state=paused,asleep,paused&state=ringing");
    expect(address.states).toEqual(["paused", "ringing"]);
    expect(wrong).toEqual([{ key: "state", value: "asleep" }]);
  });

  it("knows the ways to say tv", () => {
    expect(["?tv", "?tv=", "?tv=1", "?tv=on"].map((search) => parse(search).address.tv)).toEqual(
      Array(4).fill(true),
    );
    expect(["", "?tv=off", "?tv=0"].map((search) => parse(search).address.tv)).toEqual(Array(3).fill(false));
  });

  it("leaves what it doesn't know to others", () => {
    expect(parse("?utm=1").wrong).toEqual([]);
  });

  it.each([
    "",
    "?view=agents",
    "?queues=Продажи и связь,a%26b&team=North%20%231&sort=time",
    "?lang=ru&theme=dark&sound=on&tv&views=agents&every=60",
  ])("is written as it is read: %s", (search) => {
    const { address } = parse(search);
    expect(parse(format(address)).address).toEqual(address);
  });

  it("is written as people would", () => {
    const address: Address = {
      ...HOME,
      place: { kind: "agent", id: "pbx1/anna" },
      queues: ["a", "b"],
      tv: true,
    };
    expect(format(address)).toBe("?agent=pbx1/anna&queues=a,b&tv");
  });
});
