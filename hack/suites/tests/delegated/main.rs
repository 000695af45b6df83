//! Users and rights as a real kube-apiserver knows them: who is believed, who acts among replicas, and what happens
//! when the cluster does not answer.

mod believed;
mod election;
mod flags;
mod orphaned;
mod setup;
mod unanswered;
mod websocket;
