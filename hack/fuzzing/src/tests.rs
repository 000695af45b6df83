use super::{TARGETS, Target};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// So many times each seed is changed.
const TIMES: usize = 10;

/// A seed with a few bytes changed, and a part of it lost or doubled.
fn changed(random: &mut StdRng, seed: &[u8]) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..random.random_range(1..4) {
        let (at, other) = (random.random_range(0..=data.len()), random.random_range(0..=data.len()));
        let part = at.min(other)..at.max(other);
        match random.random_range(0..5) {
            0 => drop(data.drain(part)),
            1 if data.len() < 2 * seed.len() => {
                data.splice(at..at, seed[..at.min(seed.len())].to_vec()).for_each(drop)
            }
            2 => data
                .splice(
                    at..at,
                    *b"\"\\:{}[]'~-,0"[random.random_range(0..8)..].first_chunk::<4>().expect("four"),
                )
                .for_each(drop),
            _ => part.take(1).for_each(|at| data[at] = random.random()),
        }
    }
    data
}

fn is_read(target: &Target) {
    let mut random = StdRng::seed_from_u64(7);
    for seed in (target.seeds)() {
        (target.read)(&seed);
        for _ in 0..TIMES {
            let data = changed(&mut random, &seed);
            let read = std::panic::catch_unwind(|| (target.read)(&data));
            assert!(read.is_ok(), "{}: {:?}", target.name, String::from_utf8_lossy(&data));
        }
    }
}

#[test]
fn what_a_client_may_send_is_read_by_every_target() {
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            TARGETS.iter().map(|target| (target.name, scope.spawn(|| is_read(target)))).collect();
        for (name, thread) in threads {
            assert!(thread.join().is_ok(), "{name}");
        }
    });
}
