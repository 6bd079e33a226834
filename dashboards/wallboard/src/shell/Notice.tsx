// One line about values in the address that were not understood.

import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "./board";

export function Notice() {
  const { navigation } = useBoard();
  const { t } = useWords();
  const wrong = navigation.wrong.value;
  if (wrong.length === 0 || navigation.address.value.tv) return null;
  const values = wrong.map(({ key, value }) => `${key}=${value}`).join(", ");
  return (
    <p class="band notice" data-level="warning" role="alert">
      <Icon name="warning" />
      <span>{t.shell.wrongValues(values)}</span>
      <button type="button" aria-label={t.shell.dismiss} onClick={() => navigation.dismiss()}>
        <Icon name="close" />
      </button>
    </p>
  );
}
