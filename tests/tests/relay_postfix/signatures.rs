//! What a receiver does with DKIM signatures (RFC 6376 §6), with the keys that the domain says it publishes.

use std::{borrow::Borrow, collections::HashMap, hash::Hash, sync::Mutex, time::Instant};

use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{parse::TxtRecordParser, verify::DomainKey},
};
use postern_tests::{Server, eventually};

/// TXT records by name.
pub struct Keys(Mutex<HashMap<Box<str>, Txt>>);

/// The keys of a domain, as its status tells its administrator to publish them.
pub fn published(server: &Server, domain: &str) -> Keys {
    // Keys are made in the background.
    let records = eventually("both keys are there", || {
        let json = server.answer(&["get", "domain", domain, "-o", "json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let records = json["status"]["dns"]["records"].as_array().cloned().unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let all = records.iter().map(|record| (text(&record["name"]), text(&record["expected"][0])));
        let keys: Vec<(String, String)> = all.filter(|(name, _)| name.contains("._domainkey.")).collect();
        if keys.len() == 2 { Ok(keys) } else { Err(json.to_string()) }
    });
    let parsed = records.into_iter().map(|(name, text)| {
        let key = DomainKey::parse(text.as_bytes()).unwrap();
        (name.into_boxed_str(), Txt::DomainKey(key.into()))
    });
    Keys(Mutex::new(parsed.collect()))
}

/// The algorithms of all signatures, each of which must be sound.
pub fn verified(message: &str, keys: &Keys) -> Vec<String> {
    let bytes = message.replace('\n', "\r\n").into_bytes();
    let parsed = AuthenticatedMessage::parse(&bytes).unwrap();
    // The keys are in its cache: nobody is asked.
    let receiver = MessageAuthenticator::new_system_conf().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let results = runtime.block_on(receiver.verify_dkim(Parameters::new(&parsed).with_txt_cache(keys)));
    for result in &results {
        assert_eq!(result.result(), &DkimResult::Pass, "{result:?}");
    }
    let (header, _) = message.split_once("\n\n").unwrap();
    let fields = header.split("\nDKIM-Signature:").skip(1).filter_map(|field| field.split_once("a=")?.1.split(';').next());
    let mut algorithms: Vec<String> = fields.map(|algorithm| algorithm.trim().to_owned()).collect();
    assert_eq!(results.len(), algorithms.len());
    algorithms.sort();
    algorithms
}

impl ResolverCache<Box<str>, Txt> for Keys {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn remove<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().remove(name)
    }

    fn insert(&self, name: Box<str>, record: Txt, _: Instant) {
        self.0.lock().unwrap().insert(name, record);
    }
}
