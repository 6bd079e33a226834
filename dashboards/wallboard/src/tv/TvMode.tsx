// What TV mode does besides showing: keys, the whole screen, no sleep, no burnt-in shadow. Draws nothing.

import { useEffect } from "preact/hooks";
import { useBoard } from "../shell/board";
import { leaveFullscreen, onFullscreenLeft } from "./fullscreen";
import { shiftAt, whole } from "./pixelShift";
import { type Screen, WakeLock } from "./wakeLock";

const MINUTE = 60_000;

export function TvMode() {
  const { navigation, tour } = useBoard();

  useEffect(() => {
    const leave = () => {
      leaveFullscreen();
      navigation.go({ tv: false, place: tour.place }, { replace: true });
    };
    const onward = () => tour.step(1);
    const back = () => tour.step(-1);
    const keys = new Map([
      [" ", () => tour.pause()],
      ["ArrowRight", onward],
      ["ArrowDown", onward],
      ["ArrowLeft", back],
      ["ArrowUp", back],
      ["Escape", leave],
    ]);
    const press = (event: KeyboardEvent) => {
      const act = keys.get(event.key);
      if (act === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", press);
    const stop = onFullscreenLeft(leave); // a browser keeps the Esc that ends it for itself
    return () => {
      document.removeEventListener("keydown", press);
      stop();
    };
  }, [navigation, tour]);

  useEffect(() => {
    const lock = new WakeLock({ navigator: navigator as Screen["navigator"], document });
    const { style } = document.documentElement;
    const each = () => {
      lock.renew();
      const { x, y } = shiftAt(Math.floor(Date.now() / MINUTE)); // any clock will do
      style.setProperty("--shift-x", `${whole(x, window.devicePixelRatio)}px`);
      style.setProperty("--shift-y", `${whole(y, window.devicePixelRatio)}px`);
    };
    lock.start();
    each();
    const timer = window.setInterval(each, MINUTE);
    return () => {
      window.clearInterval(timer);
      lock.stop();
    };
  }, []);

  return null;
}
