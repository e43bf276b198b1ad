//! What the mouse means.

use super::*;

#[test]
fn a_click_means_the_row_below_it_and_nothing_else() {
    let mut model = model(Some(demo()));
    assert!(matches!(press(&mut model, (80, 24), (5, 5)), Some(Msg::Click(1))));
    let screen = text(&frame(&mut model, 80, 24, now()));
    let why = screen.lines().position(|line| line.starts_with("── why")).unwrap();
    for line in why..24 {
        let msg = press(&mut model, (80, 24), (5, u16::try_from(line).unwrap()));
        assert!(msg.is_none(), "a click below the list, on line {line}, means {msg:?}");
    }
    let moved = MouseEvent { kind: MouseEventKind::Moved, column: 5, row: 5, modifiers: KeyModifiers::NONE };
    assert!(message(&Event::Mouse(moved), &model, Rect { x: 0, y: 0, width: 80, height: 24 }).is_none());
}

#[test]
fn the_wheel_scrolls_what_lies_on_top() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 j ?");
    let before = model.list();
    model.update(Msg::Wheel(3));
    assert_eq!((model.overlay.as_ref().unwrap().place, model.list()), (3, before));
    model.update(Msg::Wheel(-7));
    assert_eq!(model.overlay.as_ref().unwrap().place, 0);
    type_keys(&mut model, "esc t");
    let theme = model.theme.clone();
    model.update(Msg::Wheel(1));
    assert_ne!(model.theme, theme, "a theme is tried on");
}
