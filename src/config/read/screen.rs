//! What the dashboard may cost and how it looks.

use super::{Complaint, Reader, View, switch};
use crate::config::{
    Dashboard, Notify,
    tree::{Entry, Node, Value},
};

impl Reader<'_> {
    pub(in crate::config) fn dashboard(&mut self, root: &View<'_>) -> Dashboard {
        let usual = Dashboard::default();
        let dashboard = root.table("dashboard");
        Dashboard {
            budget: self.text(&root.table("watch"), "budget", budget).unwrap_or(usual.budget),
            theme: self.text(&dashboard, "theme", theme).unwrap_or(usual.theme),
            theme_dark: self.text(&dashboard, "theme_dark", theme).unwrap_or(usual.theme_dark),
            theme_light: self.text(&dashboard, "theme_light", theme).unwrap_or(usual.theme_light),
            notify: self.text(&dashboard, "notify", notify).unwrap_or(usual.notify),
            mouse: switch(&dashboard, "mouse").unwrap_or(usual.mouse),
            portal: self.text(&dashboard, "access_portal", portal).unwrap_or(usual.portal),
            portal_role: self.text(&dashboard, "access_portal_role", role).unwrap_or(usual.portal_role),
            // Which commands and keys there are is known where they are bound.
            keys: root.get("keys").map_or(&[][..], Node::entries).iter().map(binding).collect(),
        }
    }
}

/// Hours of what a budget is for.
const PER: [(&str, f64); 3] = [("hour", 1.0), ("day", 24.0), ("month", 730.0)];

/// `$1/day`, in US dollars a day.
fn budget(text: &str) -> Result<Option<f64>, Complaint> {
    let text = text.trim();
    if text == "off" {
        return Ok(None);
    }
    let read = || {
        let (amount, per) = text.strip_prefix('$')?.split_once('/')?;
        let (_, hours) = PER.iter().find(|(name, _)| *name == per.trim())?;
        let amount: f64 = amount.trim().parse().ok()?;
        (amount.is_finite() && amount > 0.0).then_some(amount / hours * 24.0)
    };
    read().map(Some).ok_or_else(|| "dollars an hour, day or month are needed, such as $1/day, or off".into())
}

fn binding(entry: &Entry) -> (String, Vec<String>) {
    let key = |node: &Node| match &node.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    (entry.key.clone(), entry.node.items().iter().filter_map(key).collect())
}

fn notify(text: &str) -> Result<Notify, Complaint> {
    match text.trim() {
        "auto" => Ok(Notify::Auto),
        "off" => Ok(Notify::Off),
        "bell" => Ok(Notify::Bell),
        "osc9" => Ok(Notify::Osc9),
        "osc777" => Ok(Notify::Osc777),
        _ => Err("auto, bell, osc9, osc777 or off is needed".into()),
    }
}

/// An address, or nothing.
fn portal(text: &str) -> Result<Option<String>, Complaint> {
    match text.trim() {
        "off" => Ok(None),
        text if text.starts_with("https://") => Ok(Some(text.to_owned())),
        _ => Err("an address is needed, such as https://acme.awsapps.com/start, or off".into()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of several that may refuse")]
fn role(text: &str) -> Result<Option<String>, Complaint> {
    Ok(Some(text.trim().to_owned()).filter(|role| role != "off"))
}

fn theme(text: &str) -> Result<String, Complaint> {
    let text = text.trim();
    if text.is_empty() { Err("the name of a theme is needed".into()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_dollars_a_day_whatever_it_is_written_for() {
        let read = |text| budget(text).ok();
        assert_eq!(read("$1/day"), Some(Some(1.0)));
        assert_eq!(read("$0.5 / hour"), Some(Some(12.0)));
        assert_eq!(read("$73/month").flatten().map(|dollars| (dollars * 10.0).round()), Some(24.0));
        assert_eq!(read("off"), Some(None));
        for wrong in ["1/day", "$1", "$-1/day", "$x/day", "$1/week", "$inf/day", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
