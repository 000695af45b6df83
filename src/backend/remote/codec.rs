//! gRPC's bodies, made of wire types.

use apimachinery::wire::{Object, protobuf};
use bytes::{Buf, BufMut};
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{self, DecodeBuf, EncodeBuf};

/// Writes one type and reads another.
pub(super) struct Codec<Q, A>(PhantomData<fn(Q) -> A>);

impl<Q, A> Default for Codec<Q, A> {
    fn default() -> Self {
        Codec(PhantomData)
    }
}

impl<Q: Object, A: Object> codec::Codec for Codec<Q, A> {
    type Encode = Q;
    type Decode = A;
    type Encoder = Encoder<Q>;
    type Decoder = Decoder<A>;

    fn encoder(&mut self) -> Encoder<Q> {
        Encoder(PhantomData)
    }

    fn decoder(&mut self) -> Decoder<A> {
        Decoder(PhantomData)
    }
}

/// Writes messages.
pub(super) struct Encoder<Q>(PhantomData<fn(Q)>);

impl<Q: Object> codec::Encoder for Encoder<Q> {
    type Item = Q;
    type Error = Status;

    fn encode(&mut self, message: Q, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let mut body = Vec::with_capacity(message.fields_length());
        message.encode_fields(&mut body);
        target.put_slice(&body);
        Ok(())
    }
}

/// Reads messages.
pub(super) struct Decoder<A>(PhantomData<fn() -> A>);

impl<A: Object> codec::Decoder for Decoder<A> {
    type Item = A;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<A>, Status> {
        let body = source.copy_to_bytes(source.remaining());
        let unreadable =
            |error| Status::data_loss(format!("what it says is no message of the protocol: {error}"));
        protobuf::message(&body).map(Some).map_err(unreadable)
    }
}
