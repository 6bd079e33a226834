// An agent's day, asked for again when the agent does something else.

import { useComputed } from "@preact/signals";
import { effect, type ReadonlySignal } from "@preact/signals-core";
import { useEffect, useMemo } from "preact/hooks";
import { timers } from "../feed/browser";
import type { Agent } from "../feed/messages";
import { useBoard } from "../shell/board";
import type { Day, Timeline } from "./day";
import { Loader } from "./loader";

/** An answer that takes longer won't come, ms. */
const PATIENCE = 10_000;
/** Occupancy and the like drift even while nothing happens: seconds between two looks. */
const REFRESH = 60;

export function useDay(cell: ReadonlySignal<Agent>): Loader<Day> {
  const { live, ticker } = useBoard();
  const loader = useMemo(
    () =>
      new Loader<Day>(
        () => fetchDay(cell.peek().id),
        timers,
        () => performance.now(),
      ),
    [cell],
  );
  const happened = useComputed(() => {
    const { state, since, reason, call, today } = cell.value;
    const minute = ticker.second.value === null ? 0 : Math.floor(ticker.second.value / REFRESH);
    return [live.epoch.value, state, since, reason, call?.id, call?.queue, today.answered, minute].join();
  });
  useEffect(() => {
    const stop = [
      effect(() => {
        happened.value;
        loader.ask();
      }),
      effect(() => {
        if (live.connection.value === "live") loader.hurry();
      }),
      () => loader.stop(),
    ];
    return () => {
      for (const end of stop) end();
    };
  }, [loader, live, happened]);
  return loader;
}

async function fetchDay(id: string): Promise<Day> {
  const path = `/api/v1/agents/${encodeURIComponent(id)}`;
  const controller = new AbortController();
  const timer = timers.after(PATIENCE, () => controller.abort());
  try {
    const [agent, timeline] = await Promise.all([
      fetchJson<Agent>(path, controller.signal),
      fetchJson<Timeline>(`${path}/timeline`, controller.signal),
    ]);
    return { agent, timeline };
  } finally {
    timers.cancel(timer);
  }
}

async function fetchJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { cache: "no-store", signal });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (await response.json()) as T;
}
