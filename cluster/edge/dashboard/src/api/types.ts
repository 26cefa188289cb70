/** What the edge answers, by the names this page uses. Instants are ISO 8601 in UTC, null until they happen. */
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Task = Schemas["TaskView"];
export type TaskPage = Schemas["PageView"];
export type Attempt = Schemas["AttemptView"];
export type Worker = Schemas["WorkerView"];
/** A task in a worker's hands. */
export type CurrentTask = Schemas["CurrentView"];
export type Stats = Schemas["StatsView"];
/** One line of the activity log; the stream leaves out what is null. */
export type Event = Pick<Schemas["EventView"], "event" | "level" | "msg" | "timestamp"> & Partial<Schemas["EventView"]>;
export type Change = Schemas["ChangeView"];
export type Changes = Schemas["ChangesView"];
export type Scheduled = Schemas["ScheduledView"];
export type Batch = Schemas["BatchView"];
export type Status = Task["status"];

export type Cluster = Schemas["ClusterView"];
/** One command, as the workers' signatures tell it. */
export type Offered = Omit<Schemas["CommandView"], "parameters"> & { parameters: Parameter[] | null };
/** One keyword argument. `schema`: a JSON Schema, of any shape. */
export type Parameter = Omit<Schemas["ParameterView"], "schema"> & { schema: unknown };
export type Why = Schemas["WhyView"];
export type Queue = Schemas["QueueView"];
export type History = Schemas["HistoryView"];
export type Database = Schemas["DatabaseView"];
export type Finding = Schemas["FindingView"];
