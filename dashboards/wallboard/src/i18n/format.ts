// Numbers, times and names as people of a language write them.

export const LANGUAGES = ["en", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What stands where nothing can be said. */
export const NOTHING = "–";

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** `0:07`, `12:34`, `1:02:03`; never negative. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const rest = two(total % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

export class Format {
  private readonly percents: Intl.NumberFormat;
  private readonly numbers: Intl.NumberFormat;
  private readonly times: Intl.DateTimeFormat;
  private readonly minutes: Intl.DateTimeFormat;
  /** Compare names as a reader expects: "Line 2" before "Line 10". */
  readonly compareNames: (a: string, b: string) => number;

  /** `timeZone`: IANA name; the browser's if `null` or unknown to it. */
  constructor(language: Language, timeZone: string | null) {
    this.percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
    this.numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    this.times = clock({ hour: "2-digit", minute: "2-digit", second: "2-digit" }, timeZone);
    this.minutes = clock({ hour: "2-digit", minute: "2-digit" }, timeZone);
    this.compareNames = new Intl.Collator(language, { numeric: true }).compare;
  }

  /** 0…1 as a whole percentage. Rounded down: 100 % means all; and 0 % means none. */
  percent(share: number | null): string {
    if (share === null) return NOTHING;
    // 0.29 * 100 is 28.999…: the half of a millionth keeps such shares whole
    const whole = Math.floor(share * 100 + 5e-7) / 100;
    return whole === 0 && share > 0 ? `<${this.percents.format(0.01)}` : this.percents.format(whole);
  }

  number(value: number | null): string {
    return value === null ? NOTHING : this.numbers.format(value);
  }

  duration(seconds: number | null): string {
    return seconds === null ? NOTHING : duration(seconds);
  }

  /** `14:03:12`; `at`: unix seconds. */
  timeOfDay(at: number): string {
    return this.times.format(at * 1000);
  }

  /** `14:03`. */
  hourAndMinute(at: number): string {
    return this.minutes.format(at * 1000);
  }
}

function clock(options: Intl.DateTimeFormatOptions, timeZone: string | null): Intl.DateTimeFormat {
  // British English writes 00…23 in every browser; other ways to ask for that don't work in old ones.
  try {
    return new Intl.DateTimeFormat("en-GB", timeZone === null ? options : { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", options);
  }
}

export type Forms = { readonly [K in Intl.LDMLPluralRule]?: string } & { readonly other: string };

/** Return what chooses the form of a word for a number: 1 operator, 2 operators. */
export function pluralOf(language: Language): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  return (count, forms) => forms[rules.select(count)] || forms.other;
}

/** The first of the wanted languages (BCP 47 tags) that we speak, else English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split("-")[0];
    const found = LANGUAGES.find((language) => language === base);
    if (found !== undefined) return found;
  }
  return "en";
}
