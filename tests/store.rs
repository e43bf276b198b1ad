//! The store of alerts under several writers at once.

use slmon::{
    domain::window::Minute,
    store::{Message, Row, Store},
};

const NOW: Minute = Minute(29_700_000);

#[test]
fn writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let folder = folder.path();
            scope.spawn(move || {
                let mut store = Store::open(folder, "a", NOW).unwrap();
                for n in 0..10 {
                    let message = Message { sink: format!("s{writer}"), id: n.to_string(), notices: Vec::new() };
                    store.turn(NOW, |_| ((), vec![Row::Queue(message)])).1.unwrap();
                }
            });
        }
    });
    assert_eq!(Store::open(folder.path(), "a", NOW).unwrap().known().queue.len(), 40);
}
