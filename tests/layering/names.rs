//! Every name that a source file says, as an absolute path: imports, inline paths, and those in macros and attributes.
//!
//! It reads one file at a time and no types, so it can't follow a name through another file. That is why the rules
//! forbid what would carry a name over: a re-export names what it exports, and the crate's root takes no second name.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::{
    Attribute, Ident, Item, ItemExternCrate, ItemMod, ItemUse, Macro, Meta, Path, UseTree,
    ext::IdentExt,
    visit::{self, Visit},
};

/// A name, and where it is said.
#[derive(Debug)]
pub(crate) struct Name {
    /// The line, from 1.
    pub(crate) line: usize,
    /// `crate` and modules, or another crate and modules; a glob ends in `*`.
    pub(crate) path: Vec<String>,
    /// As it is written.
    pub(crate) written: String,
    /// Whether only tests are built with it.
    pub(crate) in_test: bool,
    /// Whether a glob import may have brought it: it is what is meant, or something else of that name.
    pub(crate) guessed: bool,
    /// Whether an import gives it another name.
    pub(crate) renamed: bool,
}

/// What a file says.
#[derive(Debug)]
pub(crate) struct Said {
    /// Its names, in order.
    pub(crate) names: Vec<Name>,
    /// Lines that take in a source file from elsewhere: `include!`, and `#[path]` but for tests that stand beside.
    pub(crate) taken_in: Vec<usize>,
}

/// Reads a file which stands for `module` (empty for the root). `outside` are the crates that it could name.
pub(crate) fn said(source: &str, module: &[String], outside: &BTreeSet<String>) -> syn::Result<Said> {
    let mut reader = Reader { module: module.to_vec(), ..Reader::default() };
    reader.visit_file(&syn::parse_file(source)?);
    let mut names = Vec::new();
    for words in &reader.said {
        for (path, guessed) in reader.resolve(words, outside, &BTreeSet::new()) {
            let (line, written, in_test) = (words.line, words.written(), words.in_test);
            names.push(Name { line, path, written, in_test, guessed, renamed: words.renamed });
        }
    }
    Ok(Said { names, taken_in: reader.taken_in })
}

/// A path as it is written.
#[derive(Clone, Debug)]
struct Words {
    line: usize,
    /// Whether it begins with `::`.
    outside: bool,
    segments: Vec<String>,
    /// The module in which it is said.
    module: Vec<String>,
    in_test: bool,
    renamed: bool,
}

impl Words {
    fn written(&self) -> String {
        format!("{}{}", if self.outside { "::" } else { "" }, self.segments.join("::"))
    }
}

#[derive(Default)]
struct Reader {
    /// The module that is being read.
    module: Vec<String>,
    in_test: bool,
    said: Vec<Words>,
    /// What imports call by a name; the same name may be several things in several modules of a file.
    imported: Vec<(String, Words)>,
    globs: Vec<Words>,
    /// Modules that the file declares.
    declared: Vec<(String, Vec<String>)>,
    taken_in: Vec<usize>,
}

impl Reader {
    fn words(&self, line: usize, outside: bool, segments: Vec<String>) -> Words {
        Words { line, outside, segments, module: self.module.clone(), in_test: self.in_test, renamed: false }
    }

    /// Records a path, unless it is one word: a local name, or one that an import has recorded.
    fn say(&mut self, line: usize, outside: bool, segments: Vec<String>) {
        if segments.len() > 1 || outside {
            let words = self.words(line, outside, segments);
            self.said.push(words);
        }
    }

    /// Records what an import brings, leaf by leaf.
    fn import(&mut self, outside: bool, before: &[String], tree: &UseTree) {
        let with = |ident: &Ident| {
            let word = ident.unraw().to_string();
            if word == "self" && !before.is_empty() { before.to_vec() } else { [before, &[word]].concat() }
        };
        match tree {
            UseTree::Path(path) => self.import(outside, &with(&path.ident), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(outside, before, tree)),
            UseTree::Name(name) => {
                let words = self.words(line_of(&name.ident), outside, with(&name.ident));
                self.bring(words.segments.last().cloned(), words);
            }
            UseTree::Rename(name) => {
                let mut words = self.words(line_of(&name.ident), outside, with(&name.ident));
                words.renamed = true;
                self.bring(Some(name.rename.unraw().to_string()), words);
            }
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.globs.push(self.words(line, outside, before.to_vec()));
                let words = self.words(line, outside, [before, &["*".to_owned()]].concat());
                self.said.push(words);
            }
        }
    }

    fn bring(&mut self, name: Option<String>, words: Words) {
        self.imported.extend(name.map(|name| (name, words.clone())));
        self.said.push(words);
    }

    /// Looks for paths in tokens, since nobody knows the grammar of a macro; in attributes, in strings as well.
    fn scan(&mut self, tokens: TokenStream, in_strings: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut place = 0;
        while place < tokens.len() {
            match &tokens[place] {
                TokenTree::Group(group) => self.scan(group.stream(), in_strings),
                TokenTree::Literal(literal) if in_strings => {
                    let text = syn::parse_str::<syn::LitStr>(&literal.to_string()).map(|text| text.value());
                    if let Ok(path) = text.and_then(|text| syn::parse_str::<Path>(&text)) {
                        let line = literal.span().start().line;
                        self.say(line, path.leading_colon.is_some(), segments_of(&path));
                    }
                }
                TokenTree::Ident(_) => {
                    place = self.scan_path(&tokens, place, false, &[]);
                    continue;
                }
                TokenTree::Punct(_) if colons(&tokens, place) => {
                    if let Some(TokenTree::Ident(_)) = tokens.get(place + 2) {
                        // After `>` it goes on with a type: `<T as Trait>::method`.
                        let outside = place == 0
                            || !matches!(&tokens[place - 1], TokenTree::Punct(sign) if sign.as_char() == '>');
                        place = self.scan_path(&tokens, place + 2, outside, &[]);
                        continue;
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            place += 1;
        }
    }

    /// Reads the path that starts at `place`, and what a brace after it groups; returns the place after it.
    fn scan_path(&mut self, tokens: &[TokenTree], mut place: usize, outside: bool, before: &[String]) -> usize {
        let mut segments = before.to_vec();
        let line = tokens[place].span().start().line;
        while let Some(TokenTree::Ident(ident)) = tokens.get(place) {
            segments.push(ident.unraw().to_string());
            place += 1;
            if !colons(tokens, place) {
                break;
            }
            match tokens.get(place + 2) {
                Some(TokenTree::Ident(_)) => place += 2,
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let mut part = 0;
                    while part < inner.len() {
                        part = match &inner[part] {
                            TokenTree::Ident(_) => self.scan_path(&inner, part, outside, &segments),
                            _ => part + 1,
                        };
                    }
                    return place + 3;
                }
                _ => break,
            }
        }
        self.say(line, outside, segments);
        place
    }

    /// What a path may be: one thing, or, where a name is imported twice or only a glob can have brought it, several.
    fn resolve(&self, words: &Words, outside: &BTreeSet<String>, seen: &BTreeSet<&str>) -> Vec<(Vec<String>, bool)> {
        let root = || vec!["crate".to_owned()];
        let Some(first) = words.segments.first().map(String::as_str) else { return Vec::new() };
        let rest = &words.segments[1..];
        if matches!(first, "crate" | "slmon") {
            return vec![([&root()[..], rest].concat(), false)];
        }
        if words.outside {
            return vec![(words.segments.clone(), false)];
        }
        if matches!(first, "self" | "super") {
            let up =
                words.segments.iter().skip_while(|word| *word == "self").take_while(|word| *word == "super").count();
            let rest = words.segments.iter().skip_while(|word| matches!(word.as_str(), "self" | "super")).cloned();
            let module = words.module[..words.module.len().saturating_sub(up)].iter().cloned();
            return vec![(root().into_iter().chain(module).chain(rest).collect(), false)];
        }
        let mut found = Vec::new();
        for (name, imported) in self.imported.iter().filter(|(name, _)| name == first && !seen.contains(first)) {
            let seen = seen.iter().copied().chain([name.as_str()]).collect();
            found.extend(self.resolve(imported, outside, &seen));
        }
        for (_, module) in self.declared.iter().filter(|(name, _)| name == first) {
            found.push(([root(), module.clone()].concat(), false));
        }
        if found.is_empty() && (outside.contains(first) || first.starts_with("aws_")) {
            found.push((vec![first.to_owned()], false));
        }
        if found.is_empty() && !seen.contains("*") {
            let seen = seen.iter().copied().chain(["*"]).collect();
            for glob in &self.globs {
                let all = self.resolve(glob, outside, &seen).into_iter();
                found.extend(all.map(|(path, _)| ([path, vec![first.to_owned()]].concat(), true)));
            }
        }
        if found.is_empty() && rest.last().is_some_and(|last| last == "now") {
            found.push((vec![first.to_owned()], true));
        }
        found.into_iter().map(|(path, guessed)| ([&path[..], rest].concat(), guessed)).collect()
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Const(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Type(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        let before = self.in_test;
        self.in_test |= attributes.iter().any(is_test);
        visit::visit_item(self, item);
        self.in_test = before;
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.unraw().to_string();
        self.declared.push((name.clone(), [&self.module[..], std::slice::from_ref(&name)].concat()));
        self.module.push(name);
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(item.leading_colon.is_some(), &[], &item.tree);
        visit::visit_item_use(self, item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        let name = item.ident.to_string();
        let (outside, segment) = if name == "self" { (false, "crate".to_owned()) } else { (true, name.clone()) };
        let mut words = self.words(line_of(&item.ident), outside, vec![segment]);
        words.renamed = item.rename.is_some();
        self.bring(Some(item.rename.as_ref().map_or(name, |(_, rename)| rename.to_string())), words);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let line = path.segments.first().map_or(0, |first| line_of(&first.ident));
        self.say(line, path.leading_colon.is_some(), segments_of(path));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        if item.path.is_ident("include") {
            self.taken_in.push(line_of(&item.path.segments[0].ident));
        }
        self.scan(item.tokens.clone(), false);
        visit::visit_macro(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let beside = || !quote_of(&attribute.meta).contains('/');
        if attribute.path().is_ident("path") && !(self.in_test && beside()) {
            self.taken_in.push(attribute.pound_token.span.start().line);
        }
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone(), true);
        }
        if !attribute.path().is_ident("doc") {
            visit::visit_attribute(self, attribute);
        }
    }
}

/// The string of `#[name = "string"]`.
fn quote_of(meta: &Meta) -> String {
    match meta {
        Meta::NameValue(syn::MetaNameValue {
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
            ..
        }) => text.value(),
        _ => String::new(),
    }
}

/// `#[cfg(test)]`, `#[cfg(all(test, …))]` and `#[test]`.
fn is_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::Path(path) => path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    }
}

fn colons(tokens: &[TokenTree], place: usize) -> bool {
    let colon = |place: usize| match tokens.get(place) {
        Some(TokenTree::Punct(sign)) if sign.as_char() == ':' => Some(sign.spacing()),
        _ => None,
    };
    colon(place) == Some(Spacing::Joint) && colon(place + 1).is_some()
}

fn segments_of(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect()
}

fn line_of(ident: &Ident) -> usize {
    ident.span().start().line
}
