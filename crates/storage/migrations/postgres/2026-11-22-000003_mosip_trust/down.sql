DROP TABLE mosip_revocation_list;
DROP TABLE mosip_partner;
DROP TABLE mosip_authority;
