import { codeList } from '@footbridge/privacy';

/** The states of all lifecycles of docs/reference/transitions.tsv, in order of appearance. The lifecycle tables take theirs from here. */
export const states = {
  Identification: codeList('Identification', ['unscreened', 'presumed', 'not_identified', 'identified'], 'special'),
  Case: codeList('Case', ['active', 'follow_up', 'closed', 'closed_referred', 'anonymised']),
  ConsentRecord: codeList('ConsentRecord', ['requested', 'given', 'refused', 'invalidated', 'renewed', 'withdrawn', 'revoked', 'expired']),
  GuardianAppointment: codeList('GuardianAppointment', ['required', 'requested', 'interim', 'appointed', 'suspended', 'ended'], 'special'),
  RiskAssessment: codeList('RiskAssessment', ['draft', 'completed', 'superseded', 'expired'], 'special'),
  Referral: codeList('Referral', ['draft', 'sent', 'acknowledged', 'accepted', 'declined', 'expired', 'in_service', 'suspended', 'completed', 'unsuccessful', 'withdrawn', 'closed', 'entered_in_error']),
  AsylumClaim: codeList('AsylumClaim', ['interest_expressed', 'referred', 'lodged', 'protection_granted', 'appeal_pending', 'finally_rejected', 'discontinued', 'hold_lifted'], 'special'),
  LegalMatter: codeList('LegalMatter', ['opened', 'counselling', 'admin_appeal_filed', 'admin_decided', 'court_decided', 'court_appeal_filed', 'matter_closed'], 'special'),
  MediaRequest: codeList('MediaRequest', ['received_request', 'media_declined', 'protocol_sent', 'protocol_signed', 'media_assessed', 'offered', 'media_consented', 'conducted', 'cleared_material', 'stopped']),
  Complaint: codeList('Complaint', ['complaint_received', 'complaint_acknowledged', 'under_review', 'escalated', 'decided', 'complaint_closed']),
  HotlineContact: codeList('HotlineContact', ['contact_open', 'informed', 'linked', 'override_used', 'contact_closed', 'purged']),
  Shelter: codeList('Shelter', ['registered', 'open', 'limited', 'admissions_closed', 'shelter_suspended']),
  BedReservation: codeList('BedReservation', ['held', 'refused_bed', 'consumed', 'released', 'lapsed']),
  Stay: codeList('Stay', ['intake_pending', 'admitted', 'not_admitted', 'resident', 'absent', 'missing', 'exit_planned', 'exited']),
  ReturnCase: codeList('ReturnCase', ['requested', 'counselling', 'under_assessment', 'planning', 'not_cleared', 'cleared', 'in_transit', 'arrived', 'received', 'reception_failed', 'unaccounted', 'completed_return', 'return_suspended', 'withdrawn_return', 'cancelled_return', 'closed_return']),
  TravelDocument: codeList('TravelDocument', ['needed', 'applied', 'issued', 'doc_refused', 'handed_over', 'doc_cancelled']),
  ReceptionPlan: codeList('ReceptionPlan', ['reception_requested', 'reception_accepted', 'reception_declined', 'ready', 'performed', 'missed', 'reception_cancelled']),
  ReintegrationCase: codeList('ReintegrationCase', ['proposed', 'reint_accepted', 'reint_declined', 'assessing', 'plan_agreed', 'reint_active', 'monitoring', 'reint_suspended', 'contact_lost', 'refused_by_person', 'reint_closed']),
  MonitoringVisit: codeList('MonitoringVisit', ['scheduled', 'visit_done', 'visit_missed', 'visit_declined']),
  Partner: codeList('Partner', ['applied_partner', 'verified', 'partner_active', 'partner_suspended', 'partner_terminated']),
  Subscription: codeList('Subscription', ['sub_pending', 'sub_active', 'sub_rejected', 'sub_degraded', 'sub_disabled', 'sub_paused', 'sub_revoked']),
  Delivery: codeList('Delivery', ['queued', 'retrying', 'delivered', 'dead_lettered', 'suppressed', 'delivery_purged']),
};
export type LifecycleName = keyof typeof states;
export type StateOf<L extends LifecycleName> = (typeof states)[L]['values'][number];
