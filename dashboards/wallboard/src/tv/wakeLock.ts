// A screen on the wall must not fall asleep, where the browser lets us ask for that.

/** What of `navigator` and `document` is used. */
export interface Screen {
  readonly navigator: { readonly wakeLock?: { request(type: "screen"): Promise<Lock> } };
  readonly document: Pick<Document, "hidden" | "addEventListener" | "removeEventListener">;
}

interface Lock {
  readonly released: boolean;
  release(): Promise<void>;
}

export class WakeLock {
  private lock: Lock | null = null;
  private asking = false;
  private wanted = false;

  constructor(private readonly screen: Screen) {}

  /** Stay awake until `stop`. The browser lets go of a page that is hidden: it asks again when it is seen. */
  start(): void {
    this.wanted = true;
    this.screen.document.addEventListener("visibilitychange", this.renew);
    this.renew();
  }

  stop(): void {
    this.wanted = false;
    this.screen.document.removeEventListener("visibilitychange", this.renew);
    if (this.lock !== null) this.lock.release().catch(() => undefined); // it is let go of already
    this.lock = null;
  }

  /** Ask again if it was refused or taken away; to be called now and then. */
  readonly renew = (): void => {
    const { wakeLock } = this.screen.navigator;
    if (wakeLock === undefined || this.screen.document.hidden || !this.wanted || this.asking) return;
    if (this.lock !== null && !this.lock.released) return;
    this.asking = true;
    wakeLock.request("screen").then(
      (lock) => {
        this.asking = false;
        this.lock = lock;
        if (!this.wanted) this.stop(); // meanwhile
      },
      () => {
        this.asking = false; // a battery that is low, say
      },
    );
  };
}
