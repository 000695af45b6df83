//! Enumerations are strings on the wire; an unknown one is kept, so that validation can name its field.

/// Declares a string enumeration.
///
/// ```
/// apimachinery::api_enum! {
///     /// Whether a database runs.
///     pub enum State { Running, Stopped }
/// }
/// assert_eq!(State::from("Stopped"), State::Stopped);
/// assert_eq!(State::from("Paused").as_str(), "Paused");
/// assert_eq!(State::SUPPORTED, ["Running", "Stopped"]);
/// ```
#[macro_export]
macro_rules! api_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident $(= $text:literal)?),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        $vis enum $name {
            $($(#[$variant_meta])* #[allow(missing_docs)] $variant,)+
            /// Any other text; the empty one means "not set".
            Other(Box<str>),
        }

        impl $name {
            /// The texts the API takes.
            pub const SUPPORTED: &'static [&'static str] =
                &[$($crate::api_enum!(@text $variant $($text)?)),+];

            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $crate::api_enum!(@text $variant $($text)?),)+
                    Self::Other(text) => text,
                }
            }

            /// Whether the API takes it.
            pub fn is_supported(&self) -> bool {
                !matches!(self, Self::Other(_))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other(Box::from(""))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $(if text == $crate::api_enum!(@text $variant $($text)?) { return Self::$variant; })+
                Self::Other(Box::from(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl $crate::wire::Serialize for $name {
            fn serialize<S: $crate::wire::Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
                target.serialize_str(self.as_str())
            }
        }

        impl $crate::wire::Value for $name {
            const SCHEMA: &'static $crate::schema::Schema =
                &$crate::schema::Schema::unnamed($crate::schema::Shape::Enum(Self::SUPPORTED));
            const EMPTY_IS_NONE: bool = true;

            fn is_empty(&self) -> bool {
                self.as_str().is_empty()
            }
            fn decode<'de, D: $crate::wire::Deserializer<'de>>(
                &mut self,
                source: D,
                _: &mut $crate::wire::Decoding,
            ) -> Result<(), D::Error> {
                $crate::wire::decode_text(self, source, "string", |text| Ok::<_, String>(Self::from(text)))
            }
            fn encode_field(&self, number: u32, out: &mut Vec<u8>) {
                $crate::wire::encode_str(self.as_str(), number, out);
            }
            fn field_length(&self, number: u32) -> usize {
                $crate::wire::str_length(self.as_str(), number)
            }
            fn merge_field(
                &mut self,
                wire: $crate::wire::WireType,
                source: &mut &[u8],
            ) -> Result<(), $crate::wire::ProtobufError> {
                let mut text = String::new();
                $crate::wire::Value::merge_field(&mut text, wire, source)?;
                *self = Self::from(text.as_str());
                Ok(())
            }
        }
    };
    (@text $variant:ident) => { stringify!($variant) };
    (@text $variant:ident $text:literal) => { $text };
}
