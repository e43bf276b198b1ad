//! DynamoDB tables on the screens, where somebody looks at their capacity.

use super::*;
use crate::domain::rules::more::{Extra, Word};

/// The demo's estate with the check `capacity`.
fn tables() -> Arc<Snapshot> {
    let mut rules = Rules::default();
    let mut limits = (*rules.limits).clone();
    limits.more.take(Word::On(Extra::Capacity, true), &"config".into());
    rules.limits = limits.into();
    watched_by(world(), |roster| roster, rules)
}

#[test]
fn a_table_is_a_row_and_a_page_and_is_counted_as_no_function() {
    let mut model = model(Some(tables()));
    let (with, without) = (model.board.as_ref().unwrap().counts, model_of(demo()).board.as_ref().unwrap().counts);
    assert_eq!((with.watched, with.production, with.tables), (without.watched, without.production, 4));
    assert_eq!((with.critical, with.warning), (without.critical + 1, without.warning + 1));
    let list = text(&frame(&mut model, 120, 40, now()));
    assert!(list.contains("table/claims") && list.contains("table/orders"), "{list}");
    // It fails for as long as anybody read, and nobody says since when.
    let row = list.lines().find(|line| line.contains("table/claims")).unwrap();
    assert!(row.contains("> 1 h"), "{row}");
    type_keys(&mut model, "/ t a b l e / c l enter enter");
    let page = text(&frame(&mut model, 120, 40, now()));
    assert!(page.contains("table/claims") && page.contains("refused for want of capacity, limit 10"), "{page}");
    assert!(page.contains("critical from 10 refused requests; warning from 1, or 80 %"), "{page}");
    // Nothing that only a function has.
    let foot = page.lines().last().unwrap();
    assert!(!page.contains("throttles") && !foot.contains("logs") && foot.contains("back"), "{page}");
    assert!(model.question().is_none(), "nobody asks X-Ray for a table");
}

#[test]
fn what_only_a_function_has_is_said_to_be_missing() {
    let mut model = model(Some(tables()));
    type_keys(&mut model, "/ t a b l e / c l enter enter");
    let before = model.screen().clone();
    for key in ["L", "x", "m"] {
        type_keys(&mut model, key);
        let shown = text(&frame(&mut model, 80, 24, now()));
        assert!(shown.contains("a table has neither traces nor a log of its own"), "{key}: {shown}");
        assert_eq!(*model.screen(), before, "{key}");
    }
}

fn model_of(snapshot: Arc<Snapshot>) -> Model {
    model(Some(snapshot))
}
