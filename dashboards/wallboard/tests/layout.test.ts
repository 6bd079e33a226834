import { describe, expect, it } from "vitest";
import { agentGrid } from "../src/agents/layout";
import { fillBox } from "../src/layout/grid";
import { queueGrid } from "../src/queues/layout";

const TV = { width: 1880, height: 990 };
const PHONE = { width: 366, height: 700 };

describe("the grid", () => {
  const cell = { width: 10, height: 5 };
  const limits = { least: 10, most: 40, gap: 10 };

  it("never needs more room than there is, unless it says that it scrolls", () => {
    for (let count = 1; count <= 300; count += 1) {
      const grid = fillBox(count, TV, cell, limits);
      expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
      expect(grid.columns * (grid.unit * cell.width + 10) - 10).toBeLessThanOrEqual(TV.width);
      const height = grid.rows * (grid.unit * cell.height + 10) - 10;
      if (!grid.scrolls) expect(height).toBeLessThanOrEqual(TV.height);
      expect(grid.unit).toBeGreaterThanOrEqual(limits.least);
      expect(grid.unit).toBeLessThanOrEqual(limits.most);
    }
  });

  it("is as big as fits", () => {
    expect(fillBox(1, TV, cell, limits)).toMatchObject({ columns: 1, rows: 1, unit: 40 });
    expect(fillBox(4, { width: 210, height: 110 }, cell, limits)).toMatchObject({
      columns: 2,
      rows: 2,
      unit: 10,
    });
  });

  it("scrolls rather than become illegible", () => {
    const grid = fillBox(500, { width: 420, height: 300 }, cell, limits);
    expect(grid).toMatchObject({ columns: 3, rows: 167, scrolls: true });
    expect(grid.unit).toBe(13.25);
  });

  it("makes something of no room and of no cells", () => {
    expect(fillBox(3, { width: 0, height: 0 }, cell, limits)).toMatchObject({
      columns: 1,
      rows: 3,
      unit: 10,
    });
    expect(fillBox(0, TV, cell, limits)).toMatchObject({ rows: 1, scrolls: false });
  });
});

describe("a screen of 1920 x 1080", () => {
  /** Of the number of callers who wait: style/queues.css. */
  const NUMBER = 6;

  it("shows up to 6 queues with numbers of 72 px and more, and 30 without scrolling", () => {
    for (let count = 1; count <= 6; count += 1) {
      const grid = queueGrid(count, TV);
      expect(grid.scrolls).toBe(false);
      expect(grid.unit * NUMBER).toBeGreaterThanOrEqual(72);
    }
    expect(queueGrid(30, TV).scrolls).toBe(false);
  });

  it.each([
    [12, "full"],
    [60, "full"],
    [150, "compact"],
    [500, "compact"],
  ])("shows %s agents without scrolling, %s", (count, density) => {
    expect(agentGrid(count, TV)).toMatchObject({ density, scrolls: false });
  });

  it("on a wall shows hundreds of agents on pages rather than in letters below 16 px", () => {
    const wall = agentGrid(500, TV, true);
    expect(wall).toMatchObject({ density: "compact", scrolls: true });
    expect(wall.unit).toBeGreaterThanOrEqual(16);
    expect(agentGrid(24, TV, true)).toEqual(agentGrid(24, TV));
  });
});

describe("a phone", () => {
  it("scrolls through full tiles and through cards of its width", () => {
    expect(agentGrid(100, PHONE)).toMatchObject({ density: "full", columns: 2, scrolls: true });
    expect(queueGrid(8, PHONE)).toMatchObject({ columns: 1, scrolls: true });
  });
});
