// Everything that depends on the language, together.

import type { Catalogue } from "./catalogue";
import { en } from "./en";
import { Format, type Language } from "./format";
import { ru } from "./ru";

const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, ru };

export interface Words {
  readonly language: Language;
  readonly t: Catalogue;
  readonly format: Format;
}

export function wordsOf(language: Language, timeZone: string | null): Words {
  return { language, t: CATALOGUES[language], format: new Format(language, timeZone) };
}
