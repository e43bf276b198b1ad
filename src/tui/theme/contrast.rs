//! Contrast: whether a colour can be read on another, and the nearest one that can.

use ratatui::style::Color;

/// Relative luminance, 0.0 to 1.0; none for colours that are the terminal's own. Source: WCAG 2.2, "relative luminance".
pub fn luminance(colour: Color) -> Option<f64> {
    let Color::Rgb(red, green, blue) = colour else { return None };
    let linear = |channel: u8| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue))
}

/// The contrast of two colours, 1.0 to 21.0; none where one is the terminal's own. Source: WCAG 2.2, "contrast ratio".
pub fn ratio(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

/// The colour, or the nearest one towards white or black that has the contrast.
pub fn readable(colour: Color, ground: Color, least: f64) -> Color {
    let Color::Rgb(red, green, blue) = colour else { return colour };
    // Whichever end is further from the ground reaches any contrast up to 4.5.
    let end = if ratio(Color::Rgb(255, 255, 255), ground) >= ratio(Color::Rgb(0, 0, 0), ground) { 255 } else { 0 };
    let enough = |colour| ratio(colour, ground).is_none_or(|ratio| ratio >= least);
    (0..=32)
        .map(|step: i32| {
            let moved = |channel: u8| {
                let moved = i32::from(channel) + (end - i32::from(channel)) * step / 32;
                u8::try_from(moved).unwrap_or(channel)
            };
            Color::Rgb(moved(red), moved(green), moved(blue))
        })
        .find(|colour| enough(*colour))
        .unwrap_or(colour)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn black_on_white_is_twenty_one_to_one() {
        let (black, white) = (Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255));
        assert!((ratio(black, white).unwrap() - 21.0).abs() < 1e-9);
        assert!((ratio(white, white).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(ratio(Color::Red, white), None);
    }

    proptest! {
        #[test]
        fn any_colour_becomes_readable_on_any_other(a: (u8, u8, u8), b: (u8, u8, u8)) {
            let (colour, ground) = (Color::Rgb(a.0, a.1, a.2), Color::Rgb(b.0, b.1, b.2));
            let ratio = ratio(readable(colour, ground, 4.5), ground).unwrap();
            prop_assert!(ratio >= 4.5, "{ratio}");
        }
    }
}
