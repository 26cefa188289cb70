import { ago, dateTime, NOTHING } from "./formats";
import { useNow } from "./now";

/** `12 s ago`, with the full date as its title; a dash for what has not happened. */
export function TimeAgo({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <span>{NOTHING}</span>;
  return (
    <time dateTime={at} title={dateTime(at)}>
      {ago(at, now)}
    </time>
  );
}
