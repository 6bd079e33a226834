// Into TV mode.

import { Icon } from "../icons/Icon";
import { useWords } from "../shell/board";
import { Link } from "../shell/Link";
import { enterFullscreen } from "./fullscreen";

export function TvSwitch() {
  const { t } = useWords();
  return (
    <Link to={{ tv: true }} label={t.tv.enter} class="tvswitch" then={enterFullscreen}>
      <Icon name="tv" />
    </Link>
  );
}
