//! Addresses and networks: `ip`, `isIP`, `cidr`, `isCIDR`. Zones, IPv4 in IPv6 and leading zeros are no addresses here.

use super::{Outcome, Text, failed, opaque};
use cel::extractors::This;
use cel::objects::Opaque;
use cel::{Context, DeclarationError, Value};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Ip(IpAddr);

impl Opaque for Ip {
    fn runtime_type_name(&self) -> &str {
        "net.IP"
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cidr(IpNet);

impl Opaque for Cidr {
    fn runtime_type_name(&self) -> &str {
        "net.CIDR"
    }
}

/// Adds the functions of addresses.
pub(super) fn add(context: &mut Context<'_, '_>) -> [Result<(), DeclarationError>; 15] {
    [
        context.add_function("isIP", |text: Text| address(&text).is_some()),
        context.add_function("ip", ip),
        context.add_function("ip.isCanonical", |text: Text| {
            let address = address(&text).ok_or_else(|| no_address(&text))?;
            Outcome::Ok(address.to_string() == *text)
        }),
        context.add_function("family", |this: This<Value>| {
            ip_of(&this.0).map(|ip| if ip.is_ipv4() { 4_i64 } else { 6 })
        }),
        context
            .add_function("isUnspecified", |this: This<Value>| ip_of(&this.0).map(|ip| ip.is_unspecified())),
        context.add_function("isLoopback", |this: This<Value>| ip_of(&this.0).map(|ip| ip.is_loopback())),
        context.add_function("isLinkLocalMulticast", |this: This<Value>| {
            ip_of(&this.0).map(is_link_local_multicast)
        }),
        context.add_function("isLinkLocalUnicast", |this: This<Value>| ip_of(&this.0).map(is_link_local)),
        context.add_function("isGlobalUnicast", |this: This<Value>| ip_of(&this.0).map(is_global)),
        context.add_function("isCIDR", |text: Text| network(&text).is_some()),
        context.add_function("cidr", |text: Text| {
            network(&text).map(|network| value(Cidr(network))).ok_or_else(|| no_network(&text))
        }),
        context.add_function("containsIP", |this: This<Value>, other: Value| {
            let other = match &other {
                Value::String(text) => address(text).ok_or_else(|| no_address(text))?,
                other => ip_of(other)?,
            };
            cidr_of(&this.0).map(|network| network.contains(&other))
        }),
        context.add_function("containsCIDR", |this: This<Value>, other: Value| {
            let other = match &other {
                Value::String(text) => network(text).ok_or_else(|| no_network(text))?,
                other => cidr_of(other)?,
            };
            // Its own address counts, not the network that it is in.
            cidr_of(&this.0)
                .map(|network| network.prefix_len() <= other.prefix_len() && network.contains(&other.addr()))
        }),
        context.add_function("masked", |this: This<Value>| {
            cidr_of(&this.0).map(|network| value(Cidr(network.trunc())))
        }),
        context.add_function("prefixLength", |this: This<Value>| {
            cidr_of(&this.0).map(|network| i64::from(network.prefix_len()))
        }),
    ]
}

fn value(value: impl Opaque) -> Value {
    Value::Opaque(Arc::new(value))
}

/// The address that a text is, or the one of a network.
fn ip(this: This<Value>) -> Outcome<Value> {
    let address = match &this.0 {
        Value::String(text) => address(text).ok_or_else(|| no_address(text))?,
        network => cidr_of(network)?.addr(),
    };
    Ok(value(Ip(address)))
}

fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => None,
        address => Some(address),
    }
}

fn network(text: &str) -> Option<IpNet> {
    let (address_text, _) = text.split_once('/')?;
    address(address_text)?;
    text.parse().ok()
}

fn no_address(text: &str) -> cel::ExecutionError {
    failed("ip", format!("{text:?} is no IP address"))
}

fn no_network(text: &str) -> cel::ExecutionError {
    failed("cidr", format!("{text:?} is no network in CIDR notation"))
}

fn ip_of(value: &Value) -> Outcome<IpAddr> {
    opaque::<Ip>(value).map(|ip| ip.0).ok_or_else(|| failed("ip", "this is no IP address"))
}

fn cidr_of(value: &Value) -> Outcome<IpNet> {
    opaque::<Cidr>(value).map(|cidr| cidr.0).ok_or_else(|| failed("cidr", "this is no network"))
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    }
}

fn is_link_local_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.octets()[..3] == [224, 0, 0],
        IpAddr::V6(six) => six.segments()[0] & 0xff0f == 0xff02,
    }
}

/// As Go has it: everything but what has a use of its own, private addresses included.
fn is_global(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(four) if four.is_broadcast());
    !(is_broadcast
        || address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || is_link_local(address))
}
