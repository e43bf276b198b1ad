//! Accounts and regions, as a list and as a map.

use super::*;

#[test]
fn a_target_leads_to_its_functions_and_an_episode_to_its_function() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "4 enter");
    assert_eq!(model.screen(), &Screen::Errors, "what is out of reach has no functions");
    type_keys(&mut model, "esc j enter");
    assert_eq!(model.screen(), &Screen::Functions);
    let targets: BTreeSet<usize> = model.functions().map(|row| row.at).collect();
    assert_eq!(targets.len(), 1);
    type_keys(&mut model, "3 enter");
    assert!(matches!(model.screen(), Screen::Function(_)));
}

#[test]
fn accounts_say_what_is_out_of_reach_first_and_why() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "4");
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = text(&frame(&mut model, width, height, now()));
        let first = screen.lines().nth(4).unwrap();
        assert!(first.contains("larkspur-core"), "what is out of reach is a row, and the first one:\n{screen}");
        assert!(first.contains("denied sts:AssumeRole"), "with the permission that is missing:\n{screen}");
    }
    let all = model.places.len();
    type_keys(&mut model, "/ r e g i o n : u s - e a s t - 1 enter");
    assert!(model.places.len() < all && !model.places.is_empty() && model.filter.is_empty());
    type_keys(&mut model, "esc");
    assert_eq!(model.places.len(), all);
    let worst = model.places.clone();
    type_keys(&mut model, "s w a t c h e d enter");
    assert_ne!(model.places, worst);
    type_keys(&mut model, "r s w o r s t enter");
    assert_eq!(model.places, worst);
}

#[test]
fn on_the_map_of_accounts_keys_and_clicks_go_where_they_point() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "4 m");
    let screen = text(&frame(&mut model, 120, 40, now()));
    assert!(screen.contains("✗ fails") && screen.contains("denied sts:AssumeRole"), "{screen}");
    let line = |model: &Model| {
        let board = model.board.as_ref().unwrap();
        crate::tui::places::grid(board, &model.places).find(model.list().place).unwrap()
    };
    assert_eq!(line(&model).0, 0);
    type_keys(&mut model, "j");
    assert_eq!(line(&model).0, 1, "down is down");
    type_keys(&mut model, "j");
    let (row, column) = line(&model);
    assert_eq!(row, 2);
    type_keys(&mut model, "l");
    assert!(model.screen() == &Screen::Accounts && line(&model).0 == row && line(&model).1 >= column);
    for row in 0..40 {
        for column in 0..120 {
            if let Some(Msg::Click(place)) = press(&mut model, (120, 40), (column, row)) {
                model.update(Msg::Click(place));
                assert_eq!((line(&model).0, model.screen()), (usize::from(row) - 4, &Screen::Accounts));
                break;
            }
        }
    }
    type_keys(&mut model, "g");
    let at = model.list().place;
    assert!(press(&mut model, (120, 40), (60, 39)).is_none() && model.list().place == at);
}
