import * as Group from "@radix-ui/react-toggle-group";
import styles from "./Segments.module.css";

interface Props<Value extends string> {
  /** What is chosen here, for screen readers. */
  label: string;
  value: Value;
  options: readonly { value: Value; text: string }[];
  onChange: (value: Value) => void;
}

/** One of a few: buttons that belong together, arrows move between them. */
export function Segments<Value extends string>({ label, value, options, onChange }: Props<Value>) {
  const change = (text: string) => {
    const chosen = options.find((option) => option.value === text);
    if (chosen) onChange(chosen.value);
  };
  return (
    <Group.Root type="single" className={styles.group} aria-label={label} value={value} onValueChange={change}>
      {options.map((option) => (
        <Group.Item key={option.value} value={option.value} className={styles.item}>{option.text}</Group.Item>
      ))}
    </Group.Root>
  );
}
