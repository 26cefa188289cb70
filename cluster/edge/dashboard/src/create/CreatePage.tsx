import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { get } from "../api/client";
import { useCommands } from "../api/queries";
import type { Task } from "../api/types";
import { Card } from "../parts/Card";
import { Loading } from "../parts/Feedback";
import { Page } from "../parts/Page";
import { Segments } from "../parts/Segments";
import { CreateForm } from "./CreateForm";
import { draftLike, NEW } from "./draft";

const AMOUNTS = [{ value: "one", text: "One task" }, { value: "many", text: "Many tasks" }] as const;
const USUAL = "demo-job";

/** `/create`; `?mode=many` for a batch, `?like=<id>` to begin with what another task was given. */
export function CreatePage() {
  const [search, setSearch] = useSearchParams();
  const mode = search.get("mode") === "many" ? "many" : "one";
  const like = useLike(search.get("like"));
  const commands = useCommands();
  const offered = commands.data ?? [];
  const first = offered.find((one) => one.command === USUAL) ?? offered[0];
  const start = like.data ? draftLike(like.data) : { ...NEW, command: first?.command ?? "" };
  const choose = (chosen: "one" | "many") => {
    setSearch((before) => {
      if (chosen === "many") before.set("mode", "many");
      else before.delete("mode");
      return before;
    }, { replace: true });
  };
  return (
    <Page
      title="Create tasks"
      lead="A task is safe as soon as it is answered: the answer comes after PostgreSQL has committed it."
      actions={<Segments label="How many" value={mode} options={AMOUNTS} onChange={choose} />}
    >
      {commands.isPending || like.isLoading
        ? <Card title="What to run"><Loading lines={5} label="Loading what the workers offer" /></Card>
        : <CreateForm many={mode === "many"} offered={offered} unknown={commands.error} start={start} />}
    </Page>
  );
}

function useLike(id: string | null) {
  return useQuery({
    queryKey: ["like", id],
    queryFn: ({ signal }) => get<Task>(`/api/tasks/${encodeURIComponent(id ?? "")}`, signal),
    enabled: id !== null,
    staleTime: Infinity,
  });
}
