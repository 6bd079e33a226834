// Whether new alerts are heard, and a word where the browser doesn't allow it yet.

import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { Link } from "../shell/Link";

export function SoundSwitch() {
  const { navigation } = useBoard();
  const { t } = useWords();
  const { sound } = navigation.address.value;
  return (
    <>
      <SoundNote />
      <Link to={{ sound: !sound }} replace label={sound ? t.alerts.mute : t.alerts.unmute} class="sound">
        <Icon name={sound ? "sound" : "mute"} />
      </Link>
    </>
  );
}

export function SoundNote() {
  const { bell } = useBoard();
  const { t } = useWords();
  return bell.blocked.value ? (
    <span class="soundnote" title={t.alerts.blockedWhy}>
      {t.alerts.blocked}
    </span>
  ) : null;
}
