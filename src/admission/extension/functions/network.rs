//! Addresses and networks: `ip`, `isIP`, `cidr`, `isCIDR`. Zones, IPv4 in IPv6 and leading zeros are no addresses here.

use super::{Overload, overload};
use crate::admission::extension::expression::{Outcome, Value, fault};
use ipnet::IpNet;
use std::net::IpAddr;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "isIP" (String a) -> Bool, |_| address(a).is_ok()),
    overload!(Global "ip" (String a) -> Ip, |_| address(a).map(Value::Ip)),
    overload!(Global "ip.isCanonical" (String a) -> Bool, |_| address(a).map(|address| address.to_string() == **a)),
    overload!(Member "family" (Ip a) -> Int, |_| if a.is_ipv4() { 4_i64 } else { 6 }),
    overload!(Member "isUnspecified" (Ip a) -> Bool, |_| a.is_unspecified()),
    overload!(Member "isLoopback" (Ip a) -> Bool, |_| a.is_loopback()),
    overload!(Member "isLinkLocalMulticast" (Ip a) -> Bool, |_| is_link_local_multicast(*a)),
    overload!(Member "isLinkLocalUnicast" (Ip a) -> Bool, |_| is_link_local(*a)),
    overload!(Member "isGlobalUnicast" (Ip a) -> Bool, |_| is_global(*a)),
    overload!(Global "isCIDR" (String a) -> Bool, |_| network(a).is_ok()),
    overload!(Global "cidr" (String a) -> Cidr, |_| network(a).map(Value::Cidr)),
    overload!(Member "containsIP" (Cidr a, String b) -> Bool, |_| address(b).map(|b| a.contains(&b))),
    overload!(Member "containsIP" (Cidr a, Ip b) -> Bool, |_| a.contains(b)),
    overload!(Member "containsCIDR" (Cidr a, String b) -> Bool, |_| network(b).map(|b| contains(a, &b))),
    overload!(Member "containsCIDR" (Cidr a, Cidr b) -> Bool, |_| contains(a, b)),
    overload!(Member "ip" (Cidr a) -> Ip, |_| Value::Ip(a.addr())),
    overload!(Member "masked" (Cidr a) -> Cidr, |_| Value::Cidr(a.trunc())),
    overload!(Member "prefixLength" (Cidr a) -> Int, |_| i64::from(a.prefix_len())),
];

/// Its own address counts, not the network that it is in.
fn contains(network: &IpNet, other: &IpNet) -> bool {
    network.prefix_len() <= other.prefix_len() && network.contains(&other.addr())
}

fn address(text: &str) -> Outcome<IpAddr> {
    let refused = || fault(format!("IP Address {text:?} parse error during conversion from string"));
    let address: IpAddr = text.parse().map_err(|_| refused())?;
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => {
            Err(fault(format!("IPv4-mapped IPv6 address {text:?} is not allowed")))
        }
        address => Ok(address),
    }
}

/// The length of a prefix is a number without a sign and without zeros in front.
fn network(text: &str) -> Outcome<IpNet> {
    let refused = || fault(format!("network address parse error during conversion from string: {text:?}"));
    let (start, length) = text.split_once('/').ok_or_else(refused)?;
    let is_plain =
        length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let length: u8 = length.parse().ok().filter(|_| is_plain).ok_or_else(refused)?;
    IpNet::new(address(start)?, length).map_err(|_| refused())
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
