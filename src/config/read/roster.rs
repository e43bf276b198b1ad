//! Which accounts there are to see: `regions`, `[[organizations]]` and `[[accounts]]`.

use std::path::Path;

use super::{Complaint, Reader, View, account_id, free, region};
use crate::{
    config::{MEMBER_ROLE, origin::Origin, problem::Problem, tree::Node},
    domain::{
        account::{AccountId, Region},
        roster::{Access, Base, ByHand, Organization, Regions, Role, Roster, Secret},
    },
};

/// The ways to say an external id.
const EXTERNAL_ID: [&str; 3] = ["external_id", "external_id_env", "external_id_file"];

impl Reader<'_> {
    pub(in crate::config) fn roster(&mut self, root: &View<'_>) -> Roster {
        let organizations = root.tables("organizations").map(|view| self.organization(&view)).collect();
        let views: Vec<View<'_>> = root.tables("accounts").collect();
        let accounts: Vec<ByHand> = views.iter().map(|view| self.account(view)).collect();
        self.no_account_twice(&views, &accounts);
        let mut roster = Roster { organizations, accounts, regions: self.regions(root) };
        if roster.organizations.is_empty() && roster.accounts.is_empty() {
            let own = ByHand { id: None, name: None, client: None, access: Access::default(), regions: None };
            roster.accounts.push(own);
        }
        roster
    }

    fn regions(&mut self, view: &View<'_>) -> Option<Regions> {
        let is_all = |text: &str| text.trim().eq_ignore_ascii_case("all");
        let named =
            self.some_words(view, "regions", |text| if is_all(text) { Ok(None) } else { region(text).map(Some) })?;
        let mut regions: Vec<Region> = Vec::new();
        for region in named.iter().flatten() {
            if !regions.contains(region) {
                regions.push(region.clone());
            }
        }
        if !named.contains(&None) {
            return Some(Regions::These(regions));
        }
        if let (false, Some(node)) = (regions.is_empty(), view.get("regions")) {
            let all = node.items().iter().find(|item| item.as_text().is_some_and(is_all)).unwrap_or(node);
            self.refuse(&view.path("regions"), all, "`all` stands alone, without other regions");
        }
        Some(Regions::All)
    }

    fn organization(&mut self, view: &View<'_>) -> Organization {
        let base = self.base(view);
        let external_id = self.external_id(view);
        let management_role = self.text(view, "management_role", role);
        let member_role = self.text(view, "role", role_name).unwrap_or_else(|| MEMBER_ROLE.into());
        let entered = |name: String| Role { name, external_id: external_id.clone() };
        Organization {
            client: self.text(view, "client", free),
            lister: Access { base: base.clone(), role: management_role.map(entered) },
            member: Access { base, role: Some(entered(member_role)) },
            include_ous: self.words(view, "include_ous", organizational_unit).unwrap_or_default(),
            exclude: self.words(view, "exclude", account_id).unwrap_or_default(),
            regions: self.regions(view),
        }
    }

    fn account(&mut self, view: &View<'_>) -> ByHand {
        let id = self.text(view, "id", account_id);
        let name = self.text(view, "role", role);
        let base = self.base(view);
        let external_id = self.external_id(view);
        let of_role = name.as_deref().and_then(AccountId::of_arn);
        if let (Some(id), Some(other), Some(node)) = (&id, &of_role, view.get("role"))
            && id != other
        {
            let why = format!("this role belongs to account {other}, and `id` is {id}");
            self.refuse(&view.path("role"), node, why);
        }
        let said = EXTERNAL_ID.iter().find_map(|key| Some((key, view.get(key)?)));
        if let (None, Some((key, node))) = (view.get("role"), said) {
            self.refuse(&view.path(key), node, "an external id goes with a role, and there is none");
        }
        ByHand {
            id: id.or(of_role),
            name: self.text(view, "name", free),
            client: self.text(view, "client", free),
            access: Access { base, role: name.map(|name| Role { name, external_id }) },
            regions: self.regions(view),
        }
    }

    fn no_account_twice(&mut self, views: &[View<'_>], accounts: &[ByHand]) {
        for (at, (view, account)) in views.iter().zip(accounts).enumerate() {
            let same = |other: &ByHand| match (&account.id, &other.id) {
                (None, None) => account.access == other.access,
                (one, other) => one == other,
            };
            let Some(first) = accounts[..at].iter().position(same) else { continue };
            let line = match views[first].origin() {
                Origin::File(source, span) => format!(" (line {})", source.line(span.start)),
                _ => String::new(),
            };
            let (which, node) = match &account.id {
                Some(id) => (format!("account {id}"), view.get("id").or_else(|| view.get("role"))),
                None => ("the credentials' own account".into(), None),
            };
            let origin = node.map_or_else(|| view.origin(), |node| node.origin.clone());
            let title = format!("{which} is there twice");
            self.problems.push(Problem::new(origin, title, format!("[[accounts]] {}{line} has it, too", first + 1)));
        }
    }

    fn base(&mut self, view: &View<'_>) -> Base {
        let profile = self.text(view, "profile", |text| Ok::<_, Complaint>(text.trim().to_string()));
        profile.map_or(Base::Default, Base::Profile)
    }

    /// The external id, from the one place that says it.
    fn external_id(&mut self, view: &View<'_>) -> Option<Secret> {
        let said: Vec<(&str, &Node)> = EXTERNAL_ID.iter().filter_map(|key| Some((*key, view.get(key)?))).collect();
        if let [(first, _), (second, node), ..] = said[..] {
            self.refuse(&view.path(second), node, format!("`{first}` says the external id already"));
            return None;
        }
        let (key, node) = *said.first()?;
        let (env, read_file, directory) = (self.env, self.read_file, self.directory);
        self.parse(&view.path(key), node, |text| match key {
            "external_id_env" => {
                let name = text.trim();
                let value = env.get(name).filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| Complaint::from(format!("the variable {name} is not set")))?;
                secret(value).map_err(|why| Complaint::from(format!("in the variable {name}, {why}")))
            }
            "external_id_file" => {
                let path = directory.unwrap_or(Path::new("")).join(text.trim());
                let shown = path.display();
                let value =
                    read_file(&path).map_err(|error| Complaint::from(format!("{shown} can't be read: {error}")))?;
                secret(value.trim()).map_err(|why| Complaint::from(format!("in {shown}, {why}")))
            }
            _ => secret(text).map_err(Complaint::from),
        })
    }
}

/// An external id in the form that STS takes: see `ExternalId` in the API reference of AssumeRole.
fn secret(text: &str) -> Result<Secret, &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    if !(2..=1224).contains(&text.len()) || !text.chars().all(fits) {
        return Err("an external id is needed: 2 to 1,224 letters, digits and _+=,.@:/-");
    }
    Ok(Secret::new(text))
}

/// A role by its name or its ARN.
fn role(text: &str) -> Result<String, Complaint> {
    let text = text.trim();
    let Some(rest) = text.strip_prefix("arn:") else { return role_name(text) };
    let fields: Vec<&str> = rest.splitn(5, ':').collect();
    let name = match fields[..] {
        [partition, "iam", "", _, resource] if partition.starts_with("aws") => resource.strip_prefix("role/"),
        _ => None,
    };
    match name.map(role_name) {
        Some(Ok(_)) if AccountId::of_arn(text).is_some() => Ok(text.into()),
        _ => Err("a role's ARN is needed, such as arn:aws:iam::111122223333:role/slmon".into()),
    }
}

/// A role's name, with its path if it has one.
fn role_name(text: &str) -> Result<String, Complaint> {
    let text = text.trim();
    if text.starts_with("arn:") {
        return Err("a role's name is needed, since it is assumed in each account of the organization".into());
    }
    if let Some(name) = text.strip_prefix("role/") {
        return Err(Complaint::from("a role's name is needed, without `role/`").help(Some(format!("write `{name}`"))));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
    let name = text.rsplit('/').next().unwrap_or(text);
    if text.chars().all(fits) && (1..=64).contains(&name.len()) && text.len() <= 512 {
        Ok(text.into())
    } else {
        Err("a role's name is needed: 1 to 64 letters, digits and _+=,.@-, or its ARN".into())
    }
}

/// An organizational unit or a root, by its id.
fn organizational_unit(text: &str) -> Result<String, Complaint> {
    let text = text.trim();
    let id = text.strip_prefix("ou-").or_else(|| text.strip_prefix("r-")).unwrap_or_default();
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        Ok(text.into())
    } else {
        Err("the id of an organizational unit is needed, such as ou-ab12-11112222".into())
    }
}
