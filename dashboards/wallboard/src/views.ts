// The views that there are, in the order of the navigation.

export const VIEWS = ["overview", "agents", "waiting"] as const;
export type View = (typeof VIEWS)[number];

/** Whose own pages there are: `?agent=…`, `?queue=…`. */
export type Subject = "agent" | "queue";
export const SUBJECTS: readonly Subject[] = ["agent", "queue"];
