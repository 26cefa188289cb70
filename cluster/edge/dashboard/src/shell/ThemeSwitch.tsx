import { Icon, type IconName } from "../parts/Icon";
import { choose, type Theme, useTheme } from "../theme/theme";
import styles from "./ThemeSwitch.module.css";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS: Record<Theme, IconName> = { system: "screen", light: "sun", dark: "moon" };
const WORDS: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

/** One button that goes round: as the system, light, dark. */
export function ThemeSwitch() {
  const theme = useTheme();
  const label = `Theme: ${WORDS[theme]}. Switch to ${WORDS[NEXT[theme]]}`;
  return (
    <button type="button" className={styles.switch} aria-label={label} title={label} onClick={() => { choose(NEXT[theme]); }}>
      <Icon name={ICONS[theme]} />
    </button>
  );
}
