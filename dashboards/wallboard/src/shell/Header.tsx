// Where we are, whether it is true, what time it is, and how it is looked at.

import { SoundNote, SoundSwitch } from "../alerts/SoundSwitch";
import { LANGUAGES } from "../i18n/format";
import { Icon } from "../icons/Icon";
import { Progress } from "../tv/Progress";
import { TvSwitch } from "../tv/TvSwitch";
import { VIEWS } from "../views";
import { useBoard, useWords } from "./board";
import { Clock } from "./Clock";
import { ConnectionBadge } from "./ConnectionBadge";
import { Link } from "./Link";

export function Header() {
  const { navigation, settings, theme } = useBoard();
  const { t, language } = useWords();
  const { place, tv } = navigation.address.value;
  if (tv) return <Plate />;
  const other = theme.value === "dark" ? "light" : "dark";
  return (
    <header class="header">
      <h1 class="title">{settings.value.title || t.title}</h1>
      <nav class="views" aria-label={t.shell.views}>
        {VIEWS.map((view) => (
          <Link
            key={view}
            to={{ place: { kind: "view", view } }}
            current={place.kind === "view" && place.view === view}
          >
            {t.shell.view[view]}
          </Link>
        ))}
      </nav>
      <ConnectionBadge />
      <Clock />
      <nav class="looks" aria-label={t.shell.language}>
        {LANGUAGES.map((code) => (
          <Link key={code} to={{ language: code }} replace current={code === language} lang={code}>
            {code.toUpperCase()}
          </Link>
        ))}
        <Link to={{ theme: other }} replace label={t.shell.theme[other]} class="theme">
          <Icon name={other} />
        </Link>
        <SoundSwitch />
        <TvSwitch />
      </nav>
    </header>
  );
}

/** In TV mode: nothing that could be used. */
function Plate() {
  const { settings } = useBoard();
  const { t } = useWords();
  return (
    <header class="header plate">
      <h1 class="title">{settings.value.title || t.title}</h1>
      <Progress />
      <SoundNote />
      <ConnectionBadge />
      <Clock />
    </header>
  );
}
