//! Pages that are longer than the screen, and what is read of their charts.

use super::*;

#[test]
fn the_crosshair_reads_minutes_and_esc_takes_it_away_first() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "2 enter left left right");
    assert_eq!(model.cross, Some(0));
    type_keys(&mut model, "right right left");
    assert_eq!(model.cross, Some(1));
    let look = model.focus().look.unwrap();
    assert_eq!(look.hours, 1);
    type_keys(&mut model, "w");
    assert_eq!((model.cross, model.focus().look.unwrap().hours), (None, 6));
    type_keys(&mut model, "left esc");
    assert!(model.cross.is_none() && matches!(model.screen(), Screen::Function(_)));
    type_keys(&mut model, "esc");
    assert_eq!((model.screen(), model.focus().look), (&Screen::Functions, None));
}

#[test]
fn help_can_be_read_where_it_is_narrow() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "?");
    for _ in commands::ALL {
        let screen = text(&frame(&mut model, 40, 10, now()));
        let entry = &commands::ALL[model.overlay.as_ref().unwrap().place];
        let words: Vec<&str> = entry.help.split(' ').collect();
        assert!(words[..2].iter().all(|word| screen.contains(word)), "{}:\n{screen}", entry.name);
        type_keys(&mut model, "down");
    }
}

/// What stands between the head and the foot of a screen.
pub(super) fn page(model: &mut Model, width: u16, height: u16) -> String {
    let screen = text(&frame(model, width, height, now()));
    screen.lines().skip(3).take(usize::from(height) - 4).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_of_a_functions_page_is_reached_on_every_screen() {
    for keys in ["1 enter", "2 G k k enter"] {
        let mut wide = model(Some(demo()));
        type_keys(&mut wide, keys);
        let whole = page(&mut wide, 200, 100);
        let labels = [
            "errors",
            "throttles",
            "invocations",
            "duration",
            "runs",
            "where",
            "ARN",
            "stage",
            "limits",
            "owner",
            "runbook",
            "tags",
        ];
        let there: Vec<&str> = labels.into_iter().filter(|label| whole.contains(label)).collect();
        assert!(there.len() > 3, "{whole}");
        for (width, height) in [(80, 24), (40, 10)] {
            let mut model = model(Some(demo()));
            type_keys(&mut model, keys);
            let mut seen = String::new();
            for _ in 0..90 {
                seen += &page(&mut model, width, height);
                type_keys(&mut model, "j");
            }
            for label in &there {
                assert!(seen.contains(label), "{label} at {width}×{height} after {keys}");
            }
            type_keys(&mut model, "g");
            let first = text(&frame(&mut model, width, height, now()));
            if model.sheet.1 == 0 {
                continue;
            }
            assert!(width < 80 || first.contains("PgDn more below"), "{first}");
            type_keys(&mut model, "page-down");
            assert_ne!(text(&frame(&mut model, width, height, now())), first);
        }
    }
}

#[test]
fn the_ends_of_a_day_can_be_told_apart() {
    let mut model = model(Some(demo()));
    type_keys(&mut model, "3");
    let screen = text(&frame(&mut model, 120, 40, now()));
    assert!(screen.contains("┊ is 0, 6, 12 and 18 h UTC"), "{screen}");
}
