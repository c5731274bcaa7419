//! A client that stops in the middle is let go, and costs nobody else anything.

use postern_tests::smtp::Smtp;

#[test]
fn sessions_that_stop_are_ended_and_the_others_go_on() {
    let server = super::server();
    let mut silent = Smtp::greet(server.address("mx")).unwrap();
    let mut halfway = Smtp::greet(server.address("mx")).unwrap();
    assert_eq!(halfway.envelope("a@elsewhere.test", &["one@here.test"]).unwrap().code, 354);
    halfway.send(b"Subject: half of it\r\n").unwrap();
    let mut others: Vec<Smtp> = (0..50).map(|_| Smtp::greet(server.address("mx")).unwrap()).collect();
    let mut lively = Smtp::greet(server.address("mx")).unwrap();
    assert!(lively.deliver("a@elsewhere.test", &["one@here.test"], "Subject: whole\n\n").unwrap().accepts());
    // RFC 5321 §3.8: 421, then the end.
    for ended in [&mut silent, &mut halfway].into_iter().chain(&mut others) {
        assert_eq!(ended.reply().unwrap().code, 421);
        assert!(ended.reply().is_err());
    }
    let told = server.answer(&["trace", "one@here.test"]);
    assert!(!told.contains("half of it"), "what was not ended was not taken: {told}");
}
