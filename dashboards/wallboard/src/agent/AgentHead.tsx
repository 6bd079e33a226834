// Who it is, in which state and since when, about what, and why.

import type { ReadonlySignal } from "@preact/signals-core";
import { useEffect, useRef } from "preact/hooks";
import { aboutOf, markOf } from "../agents/about";
import { queueNames } from "../agents/queueNames";
import { TimeInState } from "../agents/TimeInState";
import type { Agent } from "../feed/messages";
import { DirectionSign } from "../icons/DirectionSign";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { Link } from "../shell/Link";
import { ruleOf } from "./why";

export function AgentHead({ cell }: { readonly cell: ReadonlySignal<Agent> }) {
  const { live } = useBoard();
  const { t, format } = useWords();
  const agent = cell.value;
  const about = aboutOf(agent, t, queueNames(live.tables));
  const mark = markOf(agent, t);
  const rule = ruleOf(agent.why.rule);
  const queue = agent.call === null ? null : agent.call.queue;
  const name = useRef<HTMLHeadingElement>(null);
  // Whoever followed a link that is gone now goes on from here.
  useEffect(() => {
    if (document.activeElement === document.body && name.current !== null) name.current.focus();
  }, []);
  return (
    <div class="panel agenthead" data-agent={agent.id} data-state={agent.state}>
      <p class="state">
        <Icon name={agent.state} />
        <span class="word">{t.state[agent.state]}</span>
        <TimeInState cell={cell} />
      </p>
      <div class="who">
        <h2 ref={name} tabIndex={-1}>
          {agent.name}
          {agent.team !== null && <span class="team">{agent.team}</span>}
        </h2>
        <p class="about">
          {about.direction !== null && <DirectionSign direction={about.direction} told={queue === null} />}
          {queue === null ? (
            <span class="text">{about.text}</span>
          ) : (
            <Link to={{ place: { kind: "queue", id: queue } }} class="text">
              {about.text}
            </Link>
          )}
          {about.party !== "" && <span class="party">{about.party}</span>}
          {mark !== "" && (
            <span class="pausemark">
              {!agent.do_not_disturb && <Icon name="paused" />}
              {mark}
            </span>
          )}
        </p>
      </div>
      <p class="why">
        <span class="label">{t.agent.why}</span>
        <span class="sentence">{rule === null ? agent.why.rule : t.agent.rule[rule]}</span>
        <span class="event" title={agent.why.id === null ? undefined : agent.why.id}>
          {t.agent.event(agent.why.event, format.timeOfDay(agent.why.at))}
        </span>
      </p>
    </div>
  );
}
