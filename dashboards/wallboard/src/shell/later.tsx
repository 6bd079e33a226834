// A page that is loaded when it is first opened: the first picture doesn't wait for what it doesn't show.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { timers } from "../feed/browser";
import { AGAIN_AFTER, pageWorld } from "../tv/renewal";
import { useWords } from "./board";

/**
 * After a failure the whole page is loaded again: what a newer version no longer has would be asked for in vain,
 * and not every browser asks twice for what failed once.
 */
const world = pageWorld(timers);

/** Return a component that loads the one it stands for. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Later(props: Props) {
    const { t } = useWords();
    const [state, setState] = useState<"loading" | "failed" | "loaded">("loading");
    useEffect(() => {
      if (loaded !== null) return;
      let timer = 0;
      let wanted = true;
      const fail = () => {
        if (!wanted) return;
        setState("failed");
        timer = timers.after(AGAIN_AFTER, () => {
          void world.ready().then((ready) => (ready ? world.reload() : fail()));
        });
      };
      load().then((found) => {
        loaded = found;
        if (wanted) setState("loaded");
      }, fail);
      return () => {
        wanted = false;
        timers.cancel(timer);
      };
    }, []);
    const Component = loaded;
    if (Component !== null) return <Component {...props} />;
    return (
      <p class="empty" role="status">
        {state === "failed" ? t.shell.notLoaded : t.shell.loading}
      </p>
    );
  };
}
