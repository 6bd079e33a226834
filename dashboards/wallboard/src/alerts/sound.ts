// A short tone for a new alert. Browsers let a page be heard only after a click or a key, unless they are told otherwise.

import { effect, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Severity } from "../feed/messages";

/** Notes of a severity, Hz: a warning falls, what is critical calls three times. */
const TONES: Readonly<Record<Severity, readonly number[]>> = {
  info: [],
  warning: [784, 587],
  critical: [880, 1109, 880],
};
/** Of a note, s. */
const LENGTH = 0.22;
const VOLUME = 0.25;

const GESTURES = ["pointerdown", "keydown", "touchend"];

type Window_ = typeof window & { readonly webkitAudioContext?: typeof AudioContext };

export class Bell {
  private readonly refused = signal(false);
  private audio: AudioContext | null = null;

  constructor(private readonly on: ReadonlySignal<boolean>) {
    const resume = () => this.resume();
    effect(() => {
      if (!this.on.value) {
        this.refused.value = false;
        return undefined;
      }
      this.open();
      for (const name of GESTURES) document.addEventListener(name, resume);
      return () => {
        for (const name of GESTURES) document.removeEventListener(name, resume);
      };
    });
  }

  /** Whether sound is wanted, but the browser doesn't let us be heard yet. */
  get blocked(): ReadonlySignal<boolean> {
    return this.refused;
  }

  readonly ring = (severity: Severity): void => {
    const { audio } = this;
    // A tone that waits for a click would come at the wrong time.
    if (!this.on.peek() || audio === null || audio.state !== "running") return;
    TONES[severity].forEach((pitch, index) => {
      const begin = audio.currentTime + index * LENGTH;
      const note = audio.createOscillator();
      const volume = audio.createGain();
      note.frequency.value = pitch;
      volume.gain.setValueAtTime(0, begin);
      volume.gain.linearRampToValueAtTime(VOLUME, begin + 0.02);
      volume.gain.linearRampToValueAtTime(0, begin + LENGTH);
      note.connect(volume);
      volume.connect(audio.destination);
      note.start(begin);
      note.stop(begin + LENGTH);
    });
  };

  private open(): void {
    const Audio = window.AudioContext || (window as Window_).webkitAudioContext;
    if (this.audio === null && Audio) {
      this.audio = new Audio();
      this.audio.onstatechange = () => this.look();
    }
    this.resume();
    this.look();
  }

  private resume(): void {
    if (this.audio !== null && this.audio.state !== "running") this.audio.resume().catch(() => undefined);
  }

  private look(): void {
    this.refused.value = this.on.peek() && (this.audio === null || this.audio.state !== "running");
  }
}
