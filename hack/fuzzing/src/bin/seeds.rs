//! `seeds` lists the targets; `seeds FOLDER` writes into a folder of each what a fuzzer begins with.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1);
    for target in fuzzing::TARGETS {
        let Some(folder) = &folder else {
            println!("{} {}", target.name, target.what);
            continue;
        };
        let folder = Path::new(folder).join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (index, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed)?;
        }
    }
    Ok(())
}
