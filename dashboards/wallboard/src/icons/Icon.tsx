// Signs: a state or level is always a colour, one of these, and a word. 24 units square, drawn with the text's colour.

import type { AgentState } from "../feed/messages";

export type IconName =
  | AgentState
  | "answered"
  | "missed"
  | "warning"
  | "critical"
  | "met"
  | "dark"
  | "light"
  | "close"
  | "inbound"
  | "outbound"
  | "internal"
  | "back"
  | "info"
  | "tv"
  | "sound"
  | "mute";

/** Lines, and what is filled (and what is cut out of that). */
interface Drawing {
  readonly line?: string;
  readonly full?: string;
  readonly thick?: string;
  readonly cut?: string;
}

const DRAWINGS: Readonly<Record<IconName, Drawing>> = {
  available: { line: "M4.5 12.5l5 5 10-11" },
  ringing: {
    line: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4M3 7a8 8 0 0 1 2.5-4M21 7a8 8 0 0 0-2.5-4",
  },
  dialing: { line: "M5 19L18 6M9 5h10v10" },
  talking: {
    full: "M5 3.5h4l1.5 4.5-2.3 1.8a11 11 0 0 0 6 6L16 13.5l4.5 1.5v4a2 2 0 0 1-2 2A15.5 15.5 0 0 1 3 5.5a2 2 0 0 1 2-2z",
  },
  on_hold: { line: "M7 3h10M7 21h10M8 3v4l4 5-4 5v4M16 3v4l-4 5 4 5v4" },
  wrap_up: { line: "M4 20l1-4.5L16.5 4l3.5 3.5L8.5 19zM13.5 7l3.5 3.5" },
  paused: { thick: "M8.5 5.5v13M15.5 5.5v13" },
  offline: { line: "M12 3v8M7 6.5a7.5 7.5 0 1 0 10 0" },
  unknown: { line: "M8.5 9a3.7 3.7 0 1 1 5.5 3.3c-1.3.8-2 1.5-2 3M12 19.5v.1" },
  answered: { line: "M4.5 12.5l5 5 10-11" },
  missed: { line: "M6 6l12 12M18 6L6 18" },
  warning: { full: "M12 2.5L23 21.5H1z", cut: "M12 9v6M12 18.3v.1" },
  critical: { full: "M7.5 1.5h9l6 6v9l-6 6h-9l-6-6v-9z", cut: "M12 6.5v7M12 17.3v.1" },
  met: { line: "M4.5 12.5l5 5 10-11" },
  dark: { full: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" },
  light: {
    line: "M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5",
    full: "M12 7.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9z",
  },
  close: { line: "M6 6l12 12M18 6L6 18" },
  inbound: { line: "M19 5L6 18M6 8v10h10" },
  outbound: { line: "M5 19L18 6M8 6h10v10" },
  internal: { line: "M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4" },
  back: { line: "M14.5 5L7.5 12l7 7" },
  info: { full: "M12 1.5a10.5 10.5 0 1 0 0 21a10.5 10.5 0 0 0 0-21z", cut: "M12 11v6M12 6.7v.1" },
  tv: { line: "M3 5h18v12H3zM8 21h8" },
  sound: { full: "M3 9h4l6-5v16l-6-5H3z", line: "M16.5 8.5a5 5 0 0 1 0 7M19 5.5a9 9 0 0 1 0 13" },
  mute: { full: "M3 9h4l6-5v16l-6-5H3z", line: "M17 9l5 6M22 9l-5 6" },
};

export function Icon({ name }: { readonly name: IconName }) {
  const { line, full, thick, cut } = DRAWINGS[name];
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {full && <path class="full" d={full} />}
      {line && <path d={line} />}
      {thick && <path class="thick" d={thick} />}
      {cut && <path class="cut" d={cut} />}
    </svg>
  );
}
