// What may no longer be true must not look true: the picture goes grey, and a band says since when.

import type { ComponentChildren } from "preact";
import type { Source } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "./board";

export function StaleVeil({ children }: { readonly children: ComponentChildren }) {
  const { live } = useBoard();
  const sources = live.tables.sources.all();
  const blind = sources.length > 0 && sources.every((source) => source.state !== "up");
  const state = live.connection.value;
  const troubled = state !== "live" || sources.some((source) => source.state !== "up");
  return (
    <div class="stage" data-banded={troubled ? "" : undefined}>
      <main class="main" data-truth={state === "live" && blind ? "lost" : state}>
        {children}
      </main>
      {/* Laid over the picture: where it stands must not change with what is known of it. */}
      <div class="bands" data-whole={state !== "live" || blind ? "" : undefined}>
        <ConnectionBand />
        {state === "live" &&
          sources
            .filter((source) => source.state !== "up")
            .map((source) => <SourceBand key={source.id} source={source} />)}
      </div>
    </div>
  );
}

function ConnectionBand() {
  const { live } = useBoard();
  const { t, format } = useWords();
  const state = live.connection.value;
  const truth = live.lastTruth.value;
  const reason = live.reason.value;
  const begun = live.epoch.value !== null;
  if (state === "live" || (!begun && reason === null)) return null;
  const parts = [state === "lost" ? t.shell.lost : t.shell.stale];
  if (reason !== null) parts.push(t.shell.refused(reason));
  return (
    <p class="band" data-level="critical">
      <Icon name="critical" />
      {truth !== null && <strong>{t.shell.lastTrue(format.timeOfDay(truth))}</strong>}
      <span>{parts.join(" · ")}</span>
    </p>
  );
}

function SourceBand({ source }: { readonly source: Source }) {
  const { t, format } = useWords();
  const level = source.state === "lost" ? "critical" : "warning";
  const parts = [`${source.id}: ${t.shell.source[source.state]}`];
  if (source.detail) parts.push(source.detail);
  return (
    <p class="band" data-source={source.id} data-state={source.state} data-level={level} role="alert">
      <Icon name={level} />
      {source.state === "lost" && <strong>{t.shell.lastTrue(format.timeOfDay(source.since))}</strong>}
      <span>{parts.join(" · ")}</span>
    </p>
  );
}
