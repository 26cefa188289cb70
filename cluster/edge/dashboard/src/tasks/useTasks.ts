import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEvents } from "../live/context";
import type { Place } from "./filter";
import { gather, type Gathered } from "./gather";
import { keeping } from "./keeping";
import { withNews } from "./news";

/**
 * The rows at `place`. Events move them at once; the server is asked again once a second at most while things happen.
 * What it took long to find is not asked again by itself; events move its rows all the same. `hold`: rows stay where they are, as somebody is choosing among them; they still change colour.
 */
export function useTasks(place: Place, key: string, hold: boolean) {
  const cache = useQueryClient();
  const queryKey = ["tasks", key];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => gather(place, signal),
    placeholderData: keepPreviousData,
    structuralSharing: (before, after) => keeping(before as Gathered | undefined, after as Gathered),
    enabled: ({ state }) => !hold && !state.data?.deep,
  });
  useEvents((events) => {
    const page = cache.getQueryData<Gathered>(queryKey);
    if (!page) return;
    const { rows, changed } = withNews(page.tasks, events);
    if (changed) cache.setQueryData<Gathered>(queryKey, { ...page, tasks: [...rows] });
  });
  return query;
}
