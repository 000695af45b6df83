//! The engines behind [`Storage`]: one folder and one line in the table below each.
//!
//! | engine | durable | shared by replicas | for |
//! |---|---|---|---|
//! | `memory` | no | no | tests and trials |
//! | `redb` | yes, one file | no | a single node, without etcd |
//! | `etcd` | yes | yes | everything else; built with the feature `etcd` |

mod feed;
mod key;

use std::sync::Arc;

use crate::{Error, Storage};

/// The largest value any engine takes: etcd's default limit of a request, so that an object that fits one
/// engine fits all.
pub const MAX_VALUE_SIZE: usize = 1536 * 1024;

/// Makes, of each `module => Variant`, the module, a variant of [`Config`], its name and its way into [`open`]. An
/// engine that is not always built says so in front, and what [`open`] says instead in its function `missing`.
macro_rules! engines {
    ($($(#[cfg($($built:tt)+)])? $module:ident => $variant:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// Which engine, and how it is set up.
        #[derive(Clone, Debug)]
        pub enum Config {
            $(#[doc = concat!("The engine `", stringify!($module), "`.")]
            $variant($module::Config),)+
        }

        /// The names of the engines.
        pub const NAMES: &[&str] = &[$(stringify!($module)),+];

        impl Config {
            /// The engine's name, one of [`NAMES`].
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($module),)+
                }
            }
        }

        /// Opens the store that `config` describes.
        ///
        /// # Errors
        /// [`Error::Io`] when a file cannot be used or the engine was not built, [`Error::Unavailable`] when a server
        /// cannot be reached; the message says which and what to do.
        pub async fn open(config: Config) -> Result<Arc<dyn Storage>, Error> {
            Ok(match config {
                $(
                    $(#[cfg($($built)+)])?
                    Config::$variant(config) => Arc::new($module::open(config).await?) as Arc<dyn Storage>,
                    $(
                        #[cfg(not($($built)+))]
                        Config::$variant(_) => return Err($module::missing()),
                    )?
                )+
            })
        }
    };
}

engines! {
    memory => Memory,
    redb => Redb,
    #[cfg(feature = "etcd")]
    etcd => Etcd,
}

impl Config {
    /// Whether the store is a server of its own, which may come later than this program.
    pub fn is_remote(&self) -> bool {
        matches!(self, Config::Etcd(_))
    }

    /// What stands in front of every key where its value lies.
    pub fn root(&self) -> &str {
        match self {
            Config::Etcd(config) => config.root(),
            Config::Memory(_) | Config::Redb(_) => "",
        }
    }
}

/// A conditional write, as the engines with a store of their own see it.
#[derive(Debug)]
struct Write {
    key: String,
    /// The revision the key must have; `None`: the key must not be there.
    expected: Option<crate::Revision>,
    /// The new value; `None` removes the key.
    value: Option<bytes::Bytes>,
}

impl Write {
    /// Checks key and value.
    fn new(key: &str, expected: Option<crate::Revision>, value: Option<bytes::Bytes>) -> Result<Self, Error> {
        key::check(key)?;
        check_size(value.as_ref().map_or(0, bytes::Bytes::len))?;
        Ok(Self { key: key.to_owned(), expected, value })
    }
}

fn check_size(size: usize) -> Result<(), Error> {
    if size > MAX_VALUE_SIZE { Err(Error::TooLarge { size, limit: MAX_VALUE_SIZE }) } else { Ok(()) }
}
