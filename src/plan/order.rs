//! Which loaded rules may stay where they are.
//!
//! The kernel can only prepend and append, and a delete is dear. So the largest set of loaded rules is sought that
//! stands in the wanted order and leaves what is not kept room in front of it or after it.
//!
//! Every wanted rule has a *rank*, non-decreasing in the wanted order; wanted rules of one rank may stand in any order. A kept set
//! from rank `a` to rank `b` is sound iff its ranks do not decrease along the list and every wanted rule of a rank strictly
//! between `a` and `b` is in it: a wanted rule of rank `a` or less can be prepended, one of rank `b` or more appended.

/// Chooses the rules that stay.
///
/// `candidates` are the loaded rules that may stay, in kernel order: for each the wanted rule that it fulfils. One wanted rule may
/// have several candidates, of which at most one stays. `ranks` has the rank of every wanted rule of the list, loaded or not.
///
/// Gives the chosen candidates (indices into `candidates`), ascending; no larger sound choice exists.
/// Takes time in the order of n log n.
#[must_use]
pub fn longest_stay(candidates: &[usize], ranks: &[usize]) -> Vec<usize> {
    let runs = Run::all(candidates, ranks);
    let tails = tails(&runs);
    let best = runs
        .iter()
        .enumerate()
        .flat_map(|(r, run)| (1..run.before.len()).map(move |cut| (r, cut)))
        .map(|(r, cut)| (runs[r].before[cut] + tails[r][cut - 1], r, cut))
        .max_by_key(|(stay, r, cut)| (*stay, std::cmp::Reverse((*r, *cut))));
    let Some((_, first, cut)) = best else { return Vec::new() };

    let mut chosen: Vec<usize> = runs[first].firsts(0..cut).collect();
    let mut end = runs[first].occurrences[cut - 1].at;
    for (run, after) in runs.iter().zip(&tails).skip(first + 1) {
        let from = run.after(end);
        chosen.extend(run.firsts(from..run.occurrences.len()));
        match run.complete[from] {
            Some(last) if run.wanted + after[last] >= run.distinct_from[from] => end = run.occurrences[last].at,
            _ => break,
        }
    }
    chosen.sort_unstable();
    chosen
}

/// What a candidate list holds of one rank.
struct Run {
    /// How many wanted rules have the rank, loaded or not.
    wanted: usize,
    /// Its candidates in kernel order.
    occurrences: Vec<Occurrence>,
    /// `before[k]`: how many different wanted rules the first k candidates fulfil.
    before: Vec<usize>,
    /// `distinct_from[k]`: how many different wanted rules the candidates from the k-th on fulfil.
    distinct_from: Vec<usize>,
    /// `complete[k]`: at which candidate every wanted rule is fulfilled when counting from the k-th on.
    complete: Vec<Option<usize>>,
}

struct Occurrence {
    /// The place in the list of candidates.
    at: usize,
    /// The wanted rule, counted from the first of the run.
    forms: usize,
}

impl Run {
    /// The runs of wanted rules of equal rank, which stand side by side.
    fn all(candidates: &[usize], ranks: &[usize]) -> Vec<Self> {
        let mut run_of = Vec::with_capacity(ranks.len());
        let mut starts = Vec::new();
        for (forms, rank) in ranks.iter().enumerate() {
            if forms == 0 || ranks[forms - 1] != *rank {
                starts.push(forms);
            }
            run_of.push(starts.len() - 1);
        }
        let mut occurrences: Vec<Vec<Occurrence>> = starts.iter().map(|_| Vec::new()).collect();
        for (at, forms) in candidates.iter().enumerate() {
            let run = run_of[*forms];
            occurrences[run].push(Occurrence { at, forms: *forms - starts[run] });
        }
        let ends = starts.iter().skip(1).copied().chain(std::iter::once(ranks.len()));
        let sizes = starts.iter().zip(ends).map(|(start, end)| end - start);
        occurrences.into_iter().zip(sizes).map(|(occurrences, wanted)| Self::new(wanted, occurrences)).collect()
    }

    fn new(wanted: usize, occurrences: Vec<Occurrence>) -> Self {
        let mut seen = vec![false; wanted];
        let mut before = vec![0];
        for occurrence in &occurrences {
            let is_new = !std::mem::replace(&mut seen[occurrence.forms], true);
            before.push(before[before.len() - 1] + usize::from(is_new));
        }
        let mut complete = vec![None; occurrences.len() + 1];
        let mut distinct_from = vec![0; occurrences.len() + 1];
        let mut first_of: Vec<Option<usize>> = vec![None; wanted];
        let mut is_first = vec![false; occurrences.len()];
        let mut last_first = 0;
        for (k, occurrence) in occurrences.iter().enumerate().rev() {
            let later = first_of[occurrence.forms].replace(k);
            is_first[k] = true;
            distinct_from[k] = distinct_from[k + 1] + usize::from(later.is_none());
            if let Some(later) = later {
                is_first[later] = false;
            }
            last_first = last_first.max(k);
            while !is_first[last_first] {
                last_first -= 1;
            }
            complete[k] = (distinct_from[k] == wanted).then_some(last_first);
        }
        Self { wanted, occurrences, before, distinct_from, complete }
    }

    /// How many candidates of this rank stand at or before this place.
    fn after(&self, place: usize) -> usize {
        self.occurrences.partition_point(|occurrence| occurrence.at <= place)
    }

    /// The first candidate of each wanted rule within a range of candidates.
    fn firsts(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let mut seen = vec![false; self.wanted];
        self.occurrences[range].iter().filter(move |o| !std::mem::replace(&mut seen[o.forms], true)).map(|o| o.at)
    }
}

/// `tails[r][e]`: how many rules of higher rank can stay after the e-th candidate of run r.
fn tails(runs: &[Run]) -> Vec<Vec<usize>> {
    let mut tails: Vec<Vec<usize>> = vec![Vec::new(); runs.len()];
    for r in (0..runs.len()).rev() {
        tails[r] = runs[r]
            .occurrences
            .iter()
            .map(|occurrence| {
                let Some(next) = runs.get(r + 1) else { return 0 };
                let from = next.after(occurrence.at);
                let whole = next.complete[from].map_or(0, |last| next.wanted + tails[r + 1][last]);
                whole.max(next.distinct_from[from])
            })
            .collect();
    }
    tails
}

#[cfg(test)]
mod tests {
    use super::longest_stay;

    /// Whether these candidates may stay, said anew from the definition.
    fn is_sound(stay: &[usize], candidates: &[usize], ranks: &[usize]) -> bool {
        let kept: Vec<usize> = stay.iter().map(|at| candidates[*at]).collect();
        let kept_ranks: Vec<usize> = kept.iter().map(|forms| ranks[*forms]).collect();
        let each_once = kept.iter().enumerate().all(|(i, forms)| !kept[..i].contains(forms));
        let ascending = kept_ranks.windows(2).all(|pair| pair[0] <= pair[1]);
        let (Some(low), Some(high)) = (kept_ranks.first(), kept_ranks.last()) else { return true };
        let no_gap = ranks.iter().enumerate().all(|(forms, rank)| rank <= low || rank >= high || kept.contains(&forms));
        each_once && ascending && no_gap
    }

    fn largest_by_brute_force(candidates: &[usize], ranks: &[usize]) -> usize {
        (0u32..1 << candidates.len())
            .map(|bits| (0..candidates.len()).filter(|at| bits & (1 << at) != 0).collect::<Vec<_>>())
            .filter(|stay| is_sound(stay, candidates, ranks))
            .map(|stay| stay.len())
            .max()
            .unwrap_or(0)
    }

    /// Every list of up to `longest` numbers below `below`.
    fn lists(longest: usize, below: usize) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        let mut last = all.clone();
        for _ in 0..longest {
            last = last.iter().flat_map(|l| (0..below).map(move |n| [l.as_slice(), &[n]].concat())).collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn the_choice_is_sound_and_as_large_as_brute_force_finds_on_every_small_list() {
        let mut tried = 0;
        for wanted in 1..=4usize {
            for steps in 0u32..1 << (wanted - 1) {
                let ranks: Vec<usize> =
                    (0..wanted).map(|w| (0..w).filter(|bit| steps & (1 << bit) != 0).count()).collect();
                for candidates in lists(6, wanted) {
                    let stay = longest_stay(&candidates, &ranks);
                    assert!(is_sound(&stay, &candidates, &ranks), "{candidates:?} {ranks:?} {stay:?}");
                    let largest = largest_by_brute_force(&candidates, &ranks);
                    assert_eq!(stay.len(), largest, "{candidates:?} {ranks:?} {stay:?}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 40_000, "{tried}");
    }

    #[test]
    fn what_is_in_order_stays_as_a_whole() {
        let all: Vec<usize> = (0..1000).collect();
        assert_eq!(longest_stay(&all, &all), all);
    }
}
