import { Link, useLocation } from "wouter";
import { useCluster } from "../api/queries";
import { Icon } from "../parts/Icon";
import { ConnectionMark } from "./ConnectionMark";
import mark from "./mark.svg";
import { isAt, PLACES } from "./routes";
import styles from "./Sidebar.module.css";
import { ThemeSwitch } from "./ThemeSwitch";

/** At the left of a wide screen; a bar at the top and tabs at the bottom of a narrow one. */
export function Sidebar() {
  const [location] = useLocation();
  const { data: cluster } = useCluster();
  return (
    <header className={styles.sidebar}>
      <div className={styles.brand}>
        <img src={mark} alt="" width={24} height={24} />
        <span className={styles.name}>TaskMaster</span>
        {cluster && <span className={styles.version}>{cluster.version}</span>}
      </div>
      <nav className={styles.nav} aria-label="Pages">
        <ul>
          {PLACES.map(({ href, text, icon }) => (
            <li key={href}>
              <Link href={href} className={styles.link} aria-current={isAt(location, href) ? "page" : undefined}>
                <Icon name={icon} />
                {text}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles.foot}>
        <ConnectionMark />
        <ThemeSwitch />
      </div>
    </header>
  );
}
