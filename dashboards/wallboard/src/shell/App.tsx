// The whole page.

import type { ComponentType } from "preact";
import { AgentsView } from "../agents/AgentsView";
import { Ribbon } from "../alerts/Ribbon";
import { WaitingView } from "../calls/WaitingView";
import { PagingContext } from "../layout/paging";
import { ChosenQueues } from "../queues/ChosenQueues";
import { OverviewView } from "../queues/OverviewView";
import { TvMode } from "../tv/TvMode";
import type { View } from "../views";
import { useBoard, useWords } from "./board";
import { Header } from "./Header";
import { later } from "./later";
import { Notice } from "./Notice";
import { StaleVeil } from "./StaleVeil";

const COMPONENTS: Readonly<Record<View, ComponentType>> = {
  overview: OverviewView,
  agents: AgentsView,
  waiting: WaitingView,
};

const AgentPage = later(() => import("../agent/AgentPage").then((found) => found.AgentPage));
const QueuePage = later(() => import("../queue/QueuePage").then((found) => found.QueuePage));

export function App() {
  const { live, navigation, tour } = useBoard();
  const { t } = useWords();
  return (
    <>
      {navigation.address.value.tv && <TvMode />}
      <Header />
      <Notice />
      <Ribbon />
      <StaleVeil>
        <PagingContext.Provider value={tour.paging}>
          {live.epoch.value === null ? <p class="empty">{t.shell.connecting}</p> : <Chosen />}
        </PagingContext.Provider>
      </StaleVeil>
    </>
  );
}

function Chosen() {
  const { live, tour } = useBoard();
  const { place } = tour;
  if (place.kind === "queue") return <QueuePage id={place.id} />;
  if (place.kind === "agent") return <AgentPage key={place.id} id={place.id} />;
  const asked = place.kind === "view" ? place.view : "overview";
  // Where no source has queues, the agents are what there is to see.
  const { agents, queues } = live.tables;
  const queueless = queues.ids.value.length === 0 && agents.ids.value.length > 0;
  const view = asked === "overview" && queueless ? "agents" : asked;
  const Component = COMPONENTS[view];
  return (
    <>
      {view !== "agents" && <ChosenQueues />}
      <Component />
    </>
  );
}
