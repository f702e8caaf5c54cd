/* SPDX-License-Identifier: MIT */
/*
 * Names of the vocabulary as numbers in what we keep. enum event_kind will not do: names are added
 * to it where they read well, and every number behind would then mean another name in the bytes of
 * last year. These numbers never change and are never used again; new ones go to the end.
 */
#pragma once

#include "base/span.h"
#include "core/vocab.h"

#define WIRE_NAMES(X)                                                                              \
	X(1, PAGE_VIEWED)                                                                          \
	X(2, SCREEN_VIEWED)                                                                        \
	X(3, CUSTOMER_IDENTIFIED)                                                                  \
	X(4, CUSTOMER_GROUPED)                                                                     \
	X(5, CUSTOMER_ALIASED)                                                                     \
	X(6, SIGNED_UP)                                                                            \
	X(7, SIGNED_IN)                                                                            \
	X(8, PRODUCTS_SEARCHED)                                                                    \
	X(9, PRODUCT_LIST_VIEWED)                                                                  \
	X(10, PRODUCT_LIST_FILTERED)                                                               \
	X(11, PROMOTION_VIEWED)                                                                    \
	X(12, PROMOTION_CLICKED)                                                                   \
	X(13, PRODUCT_CLICKED)                                                                     \
	X(14, PRODUCT_VIEWED)                                                                      \
	X(15, PRODUCT_ADDED)                                                                       \
	X(16, PRODUCT_REMOVED)                                                                     \
	X(17, CART_VIEWED)                                                                         \
	X(18, CART_EMPTIED)                                                                        \
	X(19, CHECKOUT_STARTED)                                                                    \
	X(20, CHECKOUT_STEP_VIEWED)                                                                \
	X(21, CHECKOUT_STEP_COMPLETED)                                                             \
	X(22, PAYMENT_INFO_ENTERED)                                                                \
	X(23, PAYMENT_FAILED)                                                                      \
	X(24, PAYMENT_APPROVED)                                                                    \
	X(25, ORDER_COMPLETED)                                                                     \
	X(26, ORDER_UPDATED)                                                                       \
	X(27, ORDER_PROMISED)                                                                      \
	X(28, ORDER_CANCELLED)                                                                     \
	X(29, ORDER_REFUNDED)                                                                      \
	X(30, ORDER_FULFILLED)                                                                     \
	X(31, ORDER_SHIPPED)                                                                       \
	X(32, ORDER_DELIVERED)                                                                     \
	X(33, SHIPMENT_UPDATED)                                                                    \
	X(34, SHIPMENT_DELAYED)                                                                    \
	X(35, SHIPMENT_OUT_FOR_DELIVERY)                                                           \
	X(36, SHIPMENT_DELIVERED)                                                                  \
	X(37, DELIVERY_FAILED)                                                                     \
	X(38, READY_FOR_PICKUP)                                                                    \
	X(39, RETURN_REQUESTED)                                                                    \
	X(40, ORDER_RETURNED)                                                                      \
	X(41, COUPON_ENTERED)                                                                      \
	X(42, COUPON_APPLIED)                                                                      \
	X(43, COUPON_DENIED)                                                                       \
	X(44, COUPON_REMOVED)                                                                      \
	X(45, WISHLIST_ADDED)                                                                      \
	X(46, WISHLIST_REMOVED)                                                                    \
	X(47, WISHLIST_TO_CART)                                                                    \
	X(48, PRODUCT_SHARED)                                                                      \
	X(49, CART_SHARED)                                                                         \
	X(50, PRODUCT_REVIEWED)                                                                    \
	X(51, EMAIL_SENT)                                                                          \
	X(52, EMAIL_DELIVERED)                                                                     \
	X(53, EMAIL_BOUNCED)                                                                       \
	X(54, EMAIL_OPENED)                                                                        \
	X(55, EMAIL_LINK_CLICKED)                                                                  \
	X(56, EMAIL_SPAM)                                                                          \
	X(57, UNSUBSCRIBED)                                                                        \
	X(58, STORE_VISITED)                                                                       \
	X(59, APPOINTMENT_BOOKED)                                                                  \
	X(60, APPOINTMENT_KEPT)                                                                    \
	X(61, APPOINTMENT_MISSED)                                                                  \
	X(62, PRODUCT_TRIED_ON)                                                                    \
	X(63, IN_STORE_PURCHASE)                                                                   \
	X(64, REPAIR_RECEIVED)                                                                     \
	X(65, REPAIR_READY)                                                                        \
	X(66, REPAIR_COLLECTED)                                                                    \
	X(67, SURVEY_ANSWERED)                                                                     \
	X(68, NOTE_ADDED)                                                                          \
	X(69, CALL_LOGGED)                                                                         \
	X(70, PAYMENT_ACTION_REQUIRED)                                                             \
	X(71, PAYMENT_DISPUTED)                                                                    \
	X(72, SUBSCRIPTION_STARTED)                                                                \
	X(73, SUBSCRIPTION_CANCELLED)                                                              \
	X(74, EMAIL_DEFERRED)                                                                      \
	X(75, CONSENT_UPDATED)                                                                     \
	X(76, PRIVACY_REQUESTED)                                                                   \
	X(77, SMS_SENT)                                                                            \
	X(78, SMS_DELIVERED)                                                                       \
	X(79, SMS_FAILED)                                                                          \
	X(80, APPOINTMENT_RESCHEDULED)                                                             \
	X(81, APPOINTMENT_CANCELLED)                                                               \
	X(82, PRODUCT_SHOWN)                                                                       \
	X(83, REPAIR_ESTIMATE_SENT)                                                                \
	X(84, REPAIR_ESTIMATE_ACCEPTED)                                                            \
	X(85, RING_SIZED)                                                                          \
	X(86, ENGRAVING_ORDERED)                                                                   \
	X(87, CERTIFICATE_ISSUED)                                                                  \
	X(88, CASE_OPENED)                                                                         \
	X(89, CASE_ANSWERED)                                                                       \
	X(90, CASE_SOLVED)                                                                         \
	X(91, CHAT_STARTED)                                                                        \
	X(92, CHAT_ENDED)                                                                          \
	X(93, CHAT_MESSAGE_SENT)                                                                   \
	X(94, CHAT_MESSAGE_RECEIVED)                                                               \
	X(95, CLIENT_ERROR)                                                                        \
	X(96, SERVER_ERROR)                                                                        \
	X(97, RAGE_CLICK)                                                                          \
	X(98, PAGE_BOUNCED)                                                                        \
	X(99, INQUIRY_RECEIVED)                                                                    \
	X(100, INQUIRY_ANSWERED)                                                                   \
	X(101, SUGGESTION_MADE)                                                                    \
	X(102, SUGGESTION_CHANGED)                                                                 \
	X(103, STOCK_CHANGED)                                                                      \
	X(104, PRICE_CHANGED)                                                                      \
	X(105, ITEM_UNAVAILABLE)                                                                   \
	X(106, ITEM_ISSUE)                                                                         \
	X(107, CHOICE_MADE)                                                                        \
	X(108, ITEM_FULFILLED)                                                                     \
	X(109, ITEM_REFUNDED)                                                                      \
	X(110, DELAY_CONSENT)                                                                      \
	X(111, TIER_CHANGED)                                                                       \
	X(112, POINTS_EARNED)                                                                      \
	X(113, POINTS_REDEEMED)                                                                    \
	X(114, POINTS_EXPIRED)                                                                     \
	X(115, POINTS_CHANGED)                                                                     \
	X(116, REWARD_ISSUED)                                                                      \
	X(117, TRIAL_STARTED)                                                                      \
	X(118, TRIAL_RETURNED)                                                                     \
	X(119, TRIAL_KEPT)                                                                         \
	X(120, DATE_SET)                                                                           \
	X(121, DATE_REMOVED)                                                                       \
	X(122, PREFERENCE_UPDATED)                                                                 \
	X(123, INCIDENT_STARTED)                                                                   \
	X(124, INCIDENT_ENDED)                                                                     \
	X(125, STOCK_ALERT)                                                                        \
	X(126, STOCK_ALERT_CANCELLED)                                                              \
	X(127, PRICE_ALERT)                                                                        \
	X(128, PRICE_ALERT_CANCELLED)                                                              \
	X(129, ORDER_STAGE_ENTERED)                                                                \
	X(130, REFERRAL_MADE)                                                                      \
	X(131, REVIEW_ANSWERED)                                                                    \
	X(132, TASK_COMPLETED)                                                                     \
	X(133, NOTIFICATION_SENT)                                                                  \
	X(134, NOTIFICATION_DELIVERED)                                                             \
	X(135, NOTIFICATION_BOUNCED)                                                               \
	X(136, NOTIFICATION_OPENED)                                                                \
	X(137, NOTIFICATION_CLICKED)                                                               \
	X(138, NOTIFICATION_FAILED)                                                                \
	X(139, NOTIFICATION_DEFERRED)                                                              \
	X(140, NOTIFICATION_CANCELLED)                                                             \
	X(141, NOTIFICATION_CONVERTED)

/* The number of NAME, from 1; 0 if NAME is not exactly a canonical name. */
unsigned wire_name_number(struct span name);

/* The canonical name with number N; empty if there is none. */
struct span wire_name(uint64_t n);
