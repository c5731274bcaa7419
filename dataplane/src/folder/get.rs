//! Answers to `postern get`: the folder's objects with their status, as `kubectl` would show them, and its problems.

use postern_core::directory::SourceKey;
use postern_projection::{Kind, Object, Problem, Report, table};
use postern_store::Result;
use serde_json::{Value as Json, json};

use super::{
    Folder,
    facts::Facts,
    object::{self, SHOWN, plural, source},
};
use crate::{
    control::{Output, Response},
    table::Table,
};

/// The word for what is wrong, beside the kinds.
const PROBLEMS: &str = "problems";
/// Characters of a line of YAML: more than any value has.
const UNFOLDED: usize = 1 << 20;

impl Folder {
    /// One kind's objects, or the one of that name; of one tenant, or of all. `problems` lists what is wrong.
    ///
    /// Objects that were made by the API stand in no folder and are not among them.
    pub async fn get(&self, kind: &str, name: Option<&str>, namespace: Option<&str>, output: Output) -> Response {
        if kind.eq_ignore_ascii_case(PROBLEMS) || kind.eq_ignore_ascii_case("problem") {
            return problems(&self.problems(), output);
        }
        let Some(kind) = object::kind(kind) else {
            let known: Vec<_> = SHOWN.into_iter().map(plural).collect();
            return Response::Refused { message: format!("there is no kind \"{kind}\"; ask for {} or {PROBLEMS}", known.join(", ")) };
        };
        let objects = match self.with_status(kind, name, namespace).await {
            Ok(objects) => objects,
            Err(error) => return Response::Refused { message: format!("the {} cannot be told now: {error}", plural(kind)) },
        };
        match (name, &*objects) {
            (Some(name), []) => Response::Refused { message: format!("{} \"{name}\" not found{}", plural(kind), of_tenant(namespace)) },
            _ => show(kind, &objects, name.is_some(), namespace.is_none(), output, self.0.store.now()),
        }
    }

    async fn with_status(&self, kind: Kind, name: Option<&str>, namespace: Option<&str>) -> Result<Vec<Object>> {
        let is_meant = |source: &SourceKey| {
            source.kind == kind.as_str() && name.is_none_or(|n| source.name == n) && namespace.is_none_or(|n| source.namespace == n)
        };
        let mut chosen: Vec<(Object, Option<Report>)> = {
            let state = self.0.state();
            let found = state.objects.iter().filter(|(source, _)| is_meant(source));
            found.map(|(source, object)| (object.clone(), state.reports.get(source).cloned())).collect()
        };
        let mut facts = Facts::new(self, self.0.store.now());
        for (object, report) in &mut chosen {
            facts.report(object, report.as_ref()).await?;
        }
        let told: Vec<Object> = chosen.into_iter().map(|(object, _)| object).collect();
        let mut state = self.0.state();
        for object in &told {
            // What was applied meanwhile is newer; it only inherits the status.
            if let Some(kept) = state.objects.get_mut(&source(object)) {
                object::keep_status(object, kept);
            }
        }
        Ok(told)
    }
}

fn show(kind: Kind, objects: &[Object], one: bool, namespaces: bool, output: Output, now: postern_core::Timestamp) -> Response {
    let wide = output == Output::Wide;
    match output {
        Output::Table | Output::Wide => {
            let lead = |cell: &str| namespaces.then(|| cell.to_owned());
            let mut shown = Table::new(lead("NAMESPACE").into_iter().chain(table::headers(kind, wide)));
            for object in objects {
                let namespace = object.metadata().namespace.clone().unwrap_or_default();
                shown.row(lead(&namespace).into_iter().chain(table::row(object, wide, now)));
            }
            Response::Table { table: shown }
        }
        Output::Yaml | Output::Json => {
            let items: Vec<Json> = objects.iter().map(Object::to_json).collect();
            let whole = match (one, <[Json; 1]>::try_from(items)) {
                (true, Ok([item])) => item,
                (_, Ok([item])) => json!({"apiVersion": "v1", "kind": "List", "items": [item]}),
                (_, Err(items)) => json!({"apiVersion": "v1", "kind": "List", "items": items}),
            };
            text(&whole, output)
        }
    }
}

fn problems(problems: &[Problem], output: Output) -> Response {
    if let Output::Yaml | Output::Json = output {
        let each = problems.iter().map(|p| json!({"file": p.file, "line": p.line, "field": p.field, "message": p.message, "fix": p.fix}));
        return text(&each.collect(), output);
    }
    let mut shown = Table::new(["FILE", "LINE", "FIELD", "PROBLEM", "FIX"]);
    for p in problems {
        let line = if p.line == 0 { String::new() } else { p.line.to_string() };
        shown.row([&p.file, &line, &p.field, &p.message, &p.fix]);
    }
    Response::Table { table: shown }
}

fn text(whole: &Json, output: Output) -> Response {
    let written = match output {
        Output::Json => serde_json::to_string_pretty(whole).map(|text| text + "\n").map_err(|e| e.to_string()),
        // Not folded: a DNS record is to be copied as it is.
        _ => serde_saphyr::to_string_with_options(whole, serde_saphyr::ser_options! { folded_wrap_chars: UNFOLDED })
            .map_err(|e| e.to_string()),
    };
    match written {
        Ok(text) => Response::Text { text },
        Err(why) => Response::Refused { message: format!("cannot be written down: {why}") },
    }
}

fn of_tenant(namespace: Option<&str>) -> String {
    namespace.map_or_else(String::new, |namespace| format!(" in namespace {namespace}"))
}
