import { useState } from "react";
import { Button } from "../parts/Button";
import { Card } from "../parts/Card";
import { CopyButton } from "../parts/CopyButton";
import { count, plural } from "../parts/formats";
import { type Line, printed, textOf } from "./json";
import styles from "./Task.module.css";

/** Lines shown before somebody asks for the rest; 256 KiB are ten thousand. */
const SHOWN = 60;
const NOT_A_LOCK = "Hidden on the screen only: whoever may read this page may ask the API.";

/** A JSON value. State: whether secrets are shown, whether all of it is. */
export function JsonView({ title, value }: { title: string; value: unknown }) {
  const [reveal, setReveal] = useState(false);
  const [whole, setWhole] = useState(false);
  const told = printed(value, reveal);
  const lines = whole ? told.lines : told.lines.slice(0, SHOWN);
  const actions = (
    <div className={styles.actions}>
      {told.secrets > 0 && (
        <Button look="quiet" aria-pressed={reveal} title={NOT_A_LOCK} onClick={() => { setReveal(!reveal); }}>
          {reveal ? "Hide secrets" : `Show ${plural(told.secrets, "secret")}`}
        </Button>
      )}
      <CopyButton text={textOf(told)} label="Copy" />
    </div>
  );
  return (
    <Card title={title} actions={actions}>
      {/* Long lines scroll, so the keyboard must reach them. */}
      <pre className={styles.json} tabIndex={0} role="region" aria-label={`${title} as JSON`}>
        {lines.map((line, index) => <LineText key={index} line={line} />)}
      </pre>
      {lines.length < told.lines.length && (
        <Button onClick={() => { setWhole(true); }}>{`Show all ${count(told.lines.length)} lines`}</Button>
      )}
    </Card>
  );
}

function LineText({ line }: { line: Line }) {
  return (
    <>
      {"  ".repeat(line.depth)}
      {line.tokens.map((token, index) => (
        token.kind === "mark" ? token.text : (
          <span key={index} data-kind={token.kind} title={token.kind === "hidden" ? NOT_A_LOCK : undefined}>
            {token.kind === "hidden" ? <span aria-label="hidden" role="img">{token.text}</span> : token.text}
          </span>
        )
      ))}
      {"\n"}
    </>
  );
}
