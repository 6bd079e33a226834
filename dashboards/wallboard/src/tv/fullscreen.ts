// The whole screen. Browsers of old television sets know it by another name, some not at all.

interface OldElement {
  webkitRequestFullscreen?(): void;
}
interface OldDocument {
  readonly webkitFullscreenElement?: Element | null;
  webkitExitFullscreen?(): void;
}

const nothing = () => undefined;

/** Ask for it: only a click or a key may. If it is refused, the page stays as big as it is. */
export function enterFullscreen(): void {
  const root = document.documentElement as Omit<HTMLElement, "requestFullscreen"> &
    Partial<Pick<HTMLElement, "requestFullscreen">> &
    OldElement;
  if (root.requestFullscreen) root.requestFullscreen().catch(nothing);
  else if (root.webkitRequestFullscreen) root.webkitRequestFullscreen();
}

export function isFullscreen(): boolean {
  const page: Document & OldDocument = document;
  return Boolean(page.fullscreenElement || page.webkitFullscreenElement);
}

export function leaveFullscreen(): void {
  if (!isFullscreen()) return;
  const page = document as Omit<Document, "exitFullscreen"> &
    Partial<Pick<Document, "exitFullscreen">> &
    OldDocument;
  if (page.exitFullscreen) page.exitFullscreen().catch(nothing);
  else if (page.webkitExitFullscreen) page.webkitExitFullscreen();
}

/** Call `then` whenever it is left; until the function returned is called. */
export function onFullscreenLeft(then: () => void): () => void {
  const changed = () => {
    if (!isFullscreen()) then();
  };
  const names = ["fullscreenchange", "webkitfullscreenchange"];
  for (const name of names) document.addEventListener(name, changed);
  return () => {
    for (const name of names) document.removeEventListener(name, changed);
  };
}
