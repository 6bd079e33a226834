// The whole page.

import type { ComponentType } from "preact";
import { AgentsView } from "../agents/AgentsView";
import { OverviewView } from "../queues/OverviewView";
import type { View } from "../views";
import { useBoard, useWords } from "./board";
import { Header } from "./Header";
import { Notice } from "./Notice";
import { StaleVeil } from "./StaleVeil";

const COMPONENTS: Readonly<Record<View, ComponentType>> = { overview: OverviewView, agents: AgentsView };

export function App() {
  const { live } = useBoard();
  const { t } = useWords();
  return (
    <>
      <Header />
      <Notice />
      <StaleVeil>
        {live.epoch.value === null ? <p class="empty">{t.shell.connecting}</p> : <Chosen />}
      </StaleVeil>
    </>
  );
}

function Chosen() {
  const { place } = useBoard().navigation.address.value;
  const Component = COMPONENTS[place.kind === "view" ? place.view : "overview"];
  return <Component />;
}
