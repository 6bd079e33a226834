// The language and the theme: as the address says, else as the browser prefers.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Address, Theme } from "../address";
import { chooseLanguage } from "../i18n/format";
import { type Words, wordsOf } from "../i18n/words";
import type { Settings } from "../settings";

export interface Looks {
  readonly words: ReadonlySignal<Words>;
  readonly theme: ReadonlySignal<Theme>;
}

export function looksOf(address: ReadonlySignal<Address>, settings: ReadonlySignal<Settings>): Looks {
  const light = window.matchMedia("(prefers-color-scheme: light)");
  const preferred = signal<Theme>(light.matches ? "light" : "dark");
  light.addListener(() => {
    preferred.value = light.matches ? "light" : "dark";
  });
  const language = computed(() => address.value.language || chooseLanguage(navigator.languages || []));
  const zone = computed(() => settings.value.timezone);
  const words = computed(() => wordsOf(language.value, zone.value));
  const theme = computed(() => address.value.theme || preferred.value);
  return { words, theme };
}

/** Tell the document what it is written in and how it looks. */
export function applyLooks({ words, theme }: Looks, address: ReadonlySignal<Address>): void {
  effect(() => {
    document.documentElement.lang = words.value.language;
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
  effect(() => {
    if (address.value.tv) document.documentElement.dataset.tv = "";
    else delete document.documentElement.dataset.tv;
  });
}
