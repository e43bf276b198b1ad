//! The dashboard in lines of words.

use super::*;

#[test]
fn in_words_each_change_is_told_once() {
    let failing = Board::new(demo());
    let first = plain::lines(None, &failing);
    assert!(first[0].contains(" summary: ") && first[0].contains(" critical, "), "{}", first[0]);
    let told = |lines: &[String], word: &str| lines.iter().filter(|line| line[5..].starts_with(word)).count();
    let counts = failing.counts;
    assert_eq!((told(&first, " critical: "), told(&first, " warning: ")), (counts.critical, counts.warning));
    assert!(told(&first, " unseen: ") == 1 && first.iter().all(|line| line.is_ascii()), "{first:?}");
    assert_eq!(plain::lines(Some(&failing), &failing), [""; 0]);
    let begun = plain::begun(None, &failing);
    assert_eq!(begun.len(), counts.critical + counts.warning);
    assert!(plain::begun(Some(&failing), &failing).is_empty());
    let said = plain::cause(&failing, &begun[0], Ok("KeyError: 'a'")).unwrap();
    assert!(said.contains(" cause: ") && said.ends_with(": KeyError: 'a'"), "{said}");
    assert!(plain::cause(&failing, &begun[0], Err("denied")).unwrap().contains(" cause not known: "));
    let gone = plain::lines(Some(&failing), &Board::new(nothing()));
    assert_eq!((told(&gone, " gone: "), told(&gone, " seen again: ")), (counts.critical + counts.warning, 1));
    // The same estate, where one of them fails no longer and another one can't be told of.
    let mut calmer = failing.clone();
    let places: Vec<_> = (0..calmer.rows.len()).filter(|place| calmer.rows[*place].state == State::Critical).collect();
    calmer.rows[places[0]].state = State::Ok;
    calmer.rows[places[1]].state = State::Unknown;
    let ends = plain::lines(Some(&failing), &calmer);
    assert_eq!((told(&ends, " ok again: "), told(&ends, " can't tell any more: "), ends.len()), (1, 1, 2), "{ends:?}");
    assert_eq!(told(&plain::lines(Some(&calmer), &failing), " critical: "), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn in_words_nothing_is_said_twice_and_nothing_steers_the_terminal(order in proptest::collection::vec(0usize..4, 1..8)) {
        let boards = [demo, incident, quiet, nothing].map(|snapshot| Board::new(snapshot()));
        let mut before: Option<&Board> = None;
        for board in order.iter().filter_map(|place| boards.get(*place)) {
            let lines = plain::lines(before, board);
            prop_assert!(lines.iter().all(|line| !line.is_empty() && !line.contains(char::is_control)), "{lines:?}");
            let told: BTreeSet<&String> = lines.iter().collect();
            prop_assert_eq!(told.len(), lines.len());
            prop_assert_eq!(plain::lines(Some(board), board), Vec::<String>::new());
            before = Some(board);
        }
    }
}
